"""Messages of a WebSocket: each event of a stream is one text message of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.responses.tee import ENDS
from tokentape.protocols.fastjson import dumps, json_in, loads
from tokentape.protocols.reading import fields, text
from tokentape.wire.body import media_type
from tokentape.wire.jsontext import JsonError
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.responses.errors import NotDone
    from tokentape.wire.event import StreamEvent
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

BROKEN_OFF = "the reply broke off"
UNREADABLE = "the reply cannot be read: an event of it is no JSON"


def error_frame(status: int, error: Fields) -> bytes:
    """An error as clients read it: with a status, and a code whatever was said."""
    kind = text(error.get("type")) or ("server_error" if status >= 500 else "invalid_request_error")
    found: Fields = {
        **error,
        "type": kind,
        "code": text(error.get("code")) or kind,
        "message": text(error.get("message")) or "the request failed",
        "param": error.get("param"),
    }
    return dumps({"type": "error", "status": status, "error": found})


def refused(error: NotDone) -> bytes:
    """The same, of a request that is not taken."""
    return error_frame(error.status, error.error)


class FrameOutlet:
    """One turn's reply into a WebSocket. `ending` is called before the last message leaves: the client may
    ask again the moment it has it.
    """

    def __init__(
        self,
        send: Callable[[bytes], Awaitable[None]],
        closed: asyncio.Event,
        ending: Callable[[], None],
    ) -> None:
        self._send, self._closed, self._ending = send, closed, ending
        self._status = 0
        self._decoder: SseDecoder | None = None
        self._held: list[bytes] = []
        self.is_over = False
        self.failed = False

    async def start(self, status: int, headers: Headers) -> None:
        """The head."""
        self._status = status
        if status < 400 and media_type(headers) == "text/event-stream":
            self._decoder = SseDecoder()

    async def chunk(self, data: bytes) -> None:
        """Bytes of the body."""
        if self._closed.is_set():
            raise ClientGone
        if self._decoder is None:
            self._held.append(data)
            return
        for event in self._decoder.feed(data):
            await self._event(event)

    async def end(self) -> None:
        """The end of the reply. A stream without its last event is an error, never silence."""
        if self._decoder is None:
            await self._whole(b"".join(self._held))
        else:
            for event in self._decoder.close():
                await self._event(event)
        if not self.is_over:
            await self.fail(502, {"code": "stream_incomplete", "message": BROKEN_OFF})

    async def cut(self) -> None:
        """The reply broke off."""
        await self.fail(502, {"code": "stream_incomplete", "message": BROKEN_OFF})

    async def gone(self) -> None:
        """Returns once the connection is closed."""
        await self._closed.wait()

    async def fail(self, status: int, error: Fields) -> None:
        """The turn ends with an error."""
        if not self.is_over:
            self.failed = True
            await self._last(error_frame(status, error))

    async def _whole(self, body: bytes) -> None:
        found = fields(json_in(body))
        if self._status >= 400 or "output" not in found:
            await self.fail(max(self._status, 400), fields(found.get("error")))
            return
        begun: Fields = {**found, "status": "in_progress", "output": [], "usage": None, "completed_at": None}
        await self._send(dumps({"type": "response.created", "sequence_number": 0, "response": begun}))
        kind = f"response.{text(found.get('status'))}"
        await self._last(dumps({"type": kind, "sequence_number": 1, "response": found}))

    async def _event(self, event: StreamEvent) -> None:
        data = event.data
        if data is None or self.is_over or data == b"[DONE]":
            return
        try:
            found = fields(loads(data))
        except JsonError:  # a message must be JSON: what is none ends the turn
            await self.fail(502, {"code": "stream_incomplete", "message": UNREADABLE})
            return
        kind = event.name or text(found.get("type"))
        if kind == "error":
            inner = fields(found.get("error")) or found
            error: Fields = {name: inner.get(name) for name in ("code", "message", "param")}
            await self.fail(500, error)
        elif kind in ENDS:
            self.failed = kind == "response.failed"
            await self._last(data)
        else:
            await self._send(data)

    async def _last(self, data: bytes) -> None:
        self.is_over = True
        self._ending()
        await self._send(data)
