"""One page that stands for the HTTP client: a request goes out, a head comes back, then chunks.

Nothing is followed, decoded or retried here: redirects, codings and failures are the caller's to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Times
    from tokentape.wire.interaction import How
    from tokentape.wire.message import Headers, Request


class SendFailed(Exception):
    """The wire failed. `how` says where; `reached` is False where no byte of the request can have arrived,
    so that asking again is safe.
    """

    def __init__(self, how: How, message: str, *, reached: bool = True) -> None:
        self.how, self.message, self.reached = how, message, reached
        super().__init__(message)


class Sent(Protocol):
    """A reply whose head came. Close it, whatever happens: an open one holds a connection."""

    status: int
    reason: str
    headers: Headers
    http: str

    async def chunk(self) -> bytes:
        """The next bytes of the body, as they arrived; b"" at its end. Raises `SendFailed` for a body that
        broke off. Not to be called twice at once.
        """
        ...

    async def read(self, most: int) -> bytes:
        """The rest of the body. Raises `SendFailed` where it breaks off, or is longer than `most` bytes."""
        ...

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else drop it; at once, never raises."""
        ...


class Sender(Protocol):
    """What sends requests."""

    async def send(self, request: Request, times: Times) -> Sent:
        """Send, and wait for the head. Raises `SendFailed`. Cancelled: the connection is dropped."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
