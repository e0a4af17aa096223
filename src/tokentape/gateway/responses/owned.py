"""Responses that an upstream keeps: whose they are stands here, so that clients who share its key do not see
each other's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import is_id
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.reading import at, text
from tokentape.wire.body import decoded_body, media_type
from tokentape.wire.message import Response
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.outlet import Outlet
    from tokentape.wire.message import Headers


class Owned:
    """Between the exchange and the client: bytes pass as they are, but none before `note` knows the id of the
    response. It is read where the upstream says it, and nowhere else: a client may write ids elsewhere.
    """

    def __init__(self, outlet: Outlet, note: Callable[[str], Awaitable[None]]) -> None:
        self._outlet, self._note = outlet, note
        self._headers: Headers = ()
        self._decoder: SseDecoder | None = None
        self._held: list[bytes] | None = []

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self._headers = headers
        if status >= 400:
            self._held = None
        elif media_type(headers) == "text/event-stream":
            self._decoder = SseDecoder()
        await self._outlet.start(status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self._held is None:
            await self._outlet.chunk(data)
            return
        self._held.append(data)
        if self._decoder is None:
            return
        for event in self._decoder.feed(data):
            if event.data is not None and await self._told(event.data, "response", "id"):
                await self._release()
                return

    async def end(self) -> None:
        """The end of the body."""
        if self._held and self._decoder is None:
            whole = Response(200, headers=self._headers, body=b"".join(self._held))
            await self._told(decoded_body(whole) or b"", "id")
        await self._release()
        await self._outlet.end()

    async def cut(self) -> None:
        """The reply broke off."""
        await self._release()
        await self._outlet.cut()

    async def gone(self) -> None:
        """Returns once the client has left."""
        await self._outlet.gone()

    async def _told(self, data: bytes, *path: str) -> bool:
        """True if JSON says the id at this path; it is noted then."""
        identity = text(at(json_in(data), *path))
        if not is_id(identity):
            return False
        await self._note(identity)
        return True

    async def _release(self) -> None:
        held, self._held = self._held, None
        if held:
            await self._outlet.chunk(b"".join(held))
