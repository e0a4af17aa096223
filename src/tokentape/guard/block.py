"""`block_network`: nothing goes out for a while, in the whole process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.allowed import Allowed
from tokentape.guard import holding
from tokentape.guard.policy import Block, always, blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def block_network(*, allow_hosts: Iterable[str] = ()) -> Iterator[None]:
    """Let nothing out through Python's sockets, except what a cassette inside records, and `allow_hosts`.

    As a `with` block, or a decorator of plain functions; it holds for all threads of the process. Hosts are
    names, `*.example.com`, `name:port`, addresses and networks; this machine passes. Raises `UsageError` for
    anything else, `NetworkBlocked` at what wants out, and again at the end, if the program swallowed it.
    """
    block = start("block_network is in force", allow_hosts)
    try:
        yield
    except Exception as error:
        stop(block)
        _raise_latched(block, error)
        raise
    finally:
        stop(block)
    _raise_latched(block, None)


def start(reason: str, allow_hosts: Iterable[str] = ()) -> Block:
    """Block the network until `stop`. Raises `UsageError` for a wrong host."""
    block = Block(Allowed(allow_hosts), reason)
    holding.hold()
    blocks.append(block)
    return block


def stop(block: Block) -> None:
    """Undo `start`, once."""
    if block in blocks:
        blocks.remove(block)
        holding.release()


def allow(allow_hosts: Iterable[str]) -> None:
    """Let these hosts pass every cassette and block, until `forbid_again`."""
    always.append(Allowed(allow_hosts))


def forbid_again() -> None:
    """Take back every `allow`."""
    always.clear()


def _raise_latched(block: Block, error: Exception | None) -> None:
    """What was swallowed, from what the block ended with; the same error in flight is left to fly."""
    for latched in block.errors:
        if error is None or type(latched) is not type(error) or latched.args != error.args:
            raise latched from error
        return
