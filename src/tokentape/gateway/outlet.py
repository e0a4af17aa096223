"""Where a reply goes: to a client over HTTP, into a WebSocket, or to a job that runs in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokentape.wire.message import Headers


class ClientGone(Exception):
    """The other side left: nothing more can be told, and nobody waits."""


class SignOfLife(bytes):
    """Bytes that say that the connection is alive, and nothing else: they are on no tape."""


class Outlet(Protocol):
    """One reply: a head, then bytes, then its end.

    `chunk` returns when there is room for more (back pressure); every method raises `ClientGone` once the
    other side has left.
    """

    async def start(self, status: int, headers: Headers) -> None:
        """The head. Called once, before anything else."""
        ...

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        ...

    async def end(self) -> None:
        """The body is complete."""
        ...

    async def cut(self) -> None:
        """The reply broke off where its dialect has no word for it: the connection ends without an end."""
        ...

    async def gone(self) -> None:
        """Returns once the other side has left; cancelled when nobody waits for that any more."""
        ...
