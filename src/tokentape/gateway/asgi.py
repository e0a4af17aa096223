"""The outlet of a client that asked over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.gateway.outlet import ClientGone

if TYPE_CHECKING:
    from tokentape.gateway.receiving import Receive, Send
    from tokentape.wire.message import Headers


class AsgiOutlet:
    """Writes one reply to an ASGI server, which waits where the client reads slowly.

    Servers drop what is sent to a client that left; `watch` finds out, and cancels the task that answers.
    """

    def __init__(self, send: Send, receive: Receive) -> None:
        self._send, self._receive = send, receive
        self.started = False
        self.ended = False
        self.status = 0
        self.is_gone = False

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self._check()
        self.started, self.status = True, status
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self.is_gone:
            raise ClientGone
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """The end of the body."""
        self.ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Head and body at once, in one write."""
        await self.start(status, headers)
        self.ended = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def cut(self) -> None:
        """Leave the body without its end: the server then closes the connection."""
        raise BrokenReply

    async def gone(self) -> None:
        """Returns when the client left. Only one may wait."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.is_gone = True
                return

    def watch(self, answering: asyncio.Task[None]) -> asyncio.Task[None]:
        """Cancel `answering` when the client leaves before its reply has ended."""

        async def watched() -> None:
            await self.gone()
            if not self.ended:
                answering.cancel()

        return asyncio.create_task(watched())

    def _check(self) -> None:
        if self.is_gone:
            raise ClientGone


class BrokenReply(Exception):
    """Leaves the application in the middle of a reply, so that the server cuts the connection."""
