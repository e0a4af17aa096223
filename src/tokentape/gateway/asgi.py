"""The outlet of a client that asked over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.gateway.deadlines import line
from tokentape.gateway.outlet import ClientGone

if TYPE_CHECKING:
    from tokentape.gateway.receiving import Receive, Send
    from tokentape.wire.message import Headers


class AsgiOutlet:
    """Writes one reply to an ASGI server, which waits where the client reads slowly.

    Servers drop what is sent to a client that left; `Watch` finds out. A body whose length was told ends
    with its last byte.
    """

    def __init__(self, send: Send, receive: Receive) -> None:
        self._send, self._receive = send, receive
        self.started = False
        self.ended = False
        self.is_gone = False
        self.grant: Headers = ()
        """Fields that let the page which asked read the reply; an upstream's word on that does not count."""
        self._left: int | None = None

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        if self.is_gone:
            raise ClientGone
        self.started = True
        self._left = _length(headers)
        if self.grant:
            headers = (*(field for field in headers if not field[0].lower().startswith(_CORS)), *self.grant)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self.is_gone:
            raise ClientGone
        if self._left is not None:
            self._left -= len(data)
            self.ended = self._left <= 0
        await self._send({"type": "http.response.body", "body": data, "more_body": not self.ended})

    async def end(self) -> None:
        """The end of the body."""
        if self.ended:
            return
        self.ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

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


_CORS = "access-control-"


class Watch:
    """Cancels the task that answers when the client leaves before its reply has ended. Nobody looks at once:
    most replies are over soon.
    """

    def __init__(self, outlet: AsgiOutlet, answering: asyncio.Task[object]) -> None:
        self._outlet, self._answering = outlet, answering
        self._task: asyncio.Task[None] | None = None
        self._line = line(answering.get_loop())
        self._line.enter(self)

    def late(self) -> None:
        """It takes longer: somebody looks whether the client is still there."""
        self._task = asyncio.create_task(self._watched())

    async def _watched(self) -> None:
        await self._outlet.gone()
        if not self._outlet.ended:
            self._answering.cancel()

    def stop(self) -> None:
        """The reply is over."""
        task, self._task = self._task, None  # a cancelled task knows where it was, and by that us
        if task is not None:
            task.cancel()
        else:
            self._line.leave(self)


def _length(headers: Headers) -> int | None:
    """The length of the body, where the head tells one that is more than nothing."""
    for name, value in headers:
        if name == "content-length" or name.lower() == "content-length":
            return int(value) or None if value.isdigit() else None
    return None


class BrokenReply(Exception):
    """Leaves the application in the middle of a reply, so that the server cuts the connection."""
