"""A reply on its way to the client: its response objects are made ours and kept, all else passes as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import dumps, json_in
from tokentape.protocols.reading import text
from tokentape.wire.body import content_encoding, decoded_body, media_type
from tokentape.wire.message import Response, without
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.filing import Filing
    from tokentape.wire.event import StreamEvent
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
"""Events that end a stream, and hold the whole response."""
_LIFE = ENDS | {"response.created", "response.queued", "response.in_progress"}
_MARKS = (b'"response"', b'"response_id"', b'"response.output_item.done"')
"""What events have in them that concern the state; all others pass unread."""


class Tee:
    """Between the exchange and the client's outlet."""

    def __init__(self, outlet: Outlet, filing: Filing) -> None:
        self._outlet, self._filing = outlet, filing
        self._decoder: SseDecoder | None = None
        self._held: list[bytes] | None = None
        self._head: tuple[int, Headers] = (0, ())

    async def start(self, status: int, headers: Headers) -> None:
        """The head: at once for a stream and for an error, with the body for a whole response, and for a
        stream that was recorded with a coding.
        """
        if status >= 400 or not 200 <= status < 300:
            await self._outlet.start(status, headers)
        elif media_type(headers) == "text/event-stream" and not content_encoding(headers):
            self._decoder = SseDecoder()
            await self._outlet.start(status, without(headers, "content-length"))
        else:
            self._held, self._head = [], (status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self._held is not None:
            self._held.append(data)
        elif self._decoder is None:
            await self._outlet.chunk(data)
        elif said := [await self._event(event) for event in self._decoder.feed(data)]:
            await self._outlet.chunk(b"".join(said))

    async def end(self) -> None:
        """The end of the body."""
        if self._held is not None:
            await self._whole(b"".join(self._held))
        if self._decoder is not None:
            rest = [await self._event(event) for event in self._decoder.close()]
            if rest:
                await self._outlet.chunk(b"".join(rest))
            await self._filing.break_off("the stream ended without its last event")
        await self._outlet.end()

    async def cut(self) -> None:
        """The reply broke off."""
        await self._filing.break_off("the reply broke off")
        await self._outlet.cut()

    async def gone(self) -> None:
        """Returns once the client has left."""
        await self._outlet.gone()

    async def _whole(self, body: bytes) -> None:
        status, headers = self._head
        plain = decoded_body(Response(status, headers=headers, body=body)) or b""
        if media_type(headers) == "text/event-stream":
            headers, self._decoder = without(headers, "content-encoding"), SseDecoder()
            body = b"".join([await self._event(event) for event in self._decoder.feed(plain)])
        elif isinstance(found := json_in(plain), dict) and "output" in found:
            body = dumps(await self._filing.end(found))
            headers = without(headers, "content-encoding")
        headers = (*without(headers, "content-length"), ("Content-Length", str(len(body))))
        await self._outlet.start(status, headers)
        await self._outlet.chunk(body)

    async def _event(self, event: StreamEvent) -> bytes:
        data = event.data
        if data is None or not any(mark in data for mark in _MARKS):
            return event.raw
        found = json_in(data)
        if not isinstance(found, dict) or not await make_ours(found, self._filing):
            return event.raw
        name = b"event: " + event.name.encode() + b"\n" if event.name else b""
        return name + b"data: " + dumps(found) + b"\n\n"


async def make_ours(found: Fields, filing: Filing) -> bool:
    """Keep what an event tells, before it is told, and make it ours; False if nothing of it is changed."""
    kind, response = text(found.get("type")), found.get("response")
    if kind == "response.output_item.done":
        filing.done.append(found.get("item"))
    changed = False
    if isinstance(found.get("response_id"), str):
        found["response_id"], changed = filing.asked.id, True
    if kind not in _LIFE or not isinstance(response, dict):
        return changed
    if kind in ENDS:
        found["response"] = await filing.end(response)
    else:
        found["response"] = await filing.begin(response)
    return True
