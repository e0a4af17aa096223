"""The raw files that http.client reads replies from: a live one that is listened to, and a recorded one.

http.client reads through a buffer of its own over the raw file, so its way of reading does not change.
"""

from __future__ import annotations

import io
import time
import weakref
from typing import TYPE_CHECKING

from tokentape.interceptors.http1.framing import ENDS_EARLY
from tokentape.interceptors.sockets.faults import exception
from tokentape.outcomes import Fail, Incomplete, Wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import WriteableBuffer

    from tokentape.interceptors.sockets.exchange import Exchange


class TeeFile(io.RawIOBase):
    """A socket's raw file; an `Exchange` hears what is read from it, and how that ends.

    `owns`: closing the file ends the exchange; one that only peeks does not.
    """

    def __init__(self, inner: io.RawIOBase, exchange: Exchange, *, owns: bool) -> None:
        self._inner = inner
        self._exchange = exchange
        self._owns = owns
        # Weak references with a callback are cleared before the garbage collector finalizes what it found,
        # so an empty one tells a collection from a close. The collector may strike while locks are held.
        self._alive = weakref.ref(self, _ignore)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read once from the socket."""
        try:
            count = self._inner.readinto(buffer)
        except BaseException as error:
            self._exchange.failed(error)
            raise
        if count:
            self._exchange.received(bytes(memoryview(buffer)[:count]))
        elif count == 0:
            self._exchange.hung_up()
        return count

    def fileno(self) -> int:
        """The socket's."""
        return self._inner.fileno()

    def close(self) -> None:
        """Close the socket's file, too."""
        if self.closed:
            return
        try:
            super().close()
            self._inner.close()
        finally:
            if self._owns and self._alive() is None:
                self._exchange.dropped()
            elif self._owns:
                self._exchange.closed()


class Tape:
    """The recorded bytes of one reply, as a socket would give them: one piece at most per read."""

    def __init__(self, steps: Iterable[bytes | Wait | Fail | Incomplete]) -> None:
        self._steps = iter(steps)
        self._piece = memoryview(b"")

    def read_into(self, buffer: WriteableBuffer) -> int:
        """As `socket.recv_into`. Raises what a socket raises, or `ReplayIncomplete`."""
        if not self._piece:
            self._piece = memoryview(self._next())
        with memoryview(buffer).cast("B") as view:
            count = min(len(view), len(self._piece))
            view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _next(self) -> bytes:
        """The next bytes; none at the end."""
        for step in self._steps:
            if isinstance(step, bytes):
                if step:  # no bytes would say that the connection ended
                    return step
            elif isinstance(step, Wait):
                time.sleep(step.seconds)
            elif isinstance(step, Incomplete):
                raise step.error
            elif step.how not in ENDS_EARLY:
                raise exception(step.how, step.error)
        return b""


class TapeFile(io.RawIOBase):
    """A raw file over a `Tape`."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The next piece, or what fits of it."""
        return self._tape.read_into(buffer)


def _ignore(reference: object) -> None:
    """Nothing to do: that the reference is empty says it all."""
