"""One WebSocket: turns one after the other, each asked for by a `response.create`.

    {"type": "response.create", "model": ..., "input": ...}      ->    the events of the response

What was answered with `store: false` is remembered as long as the connection lasts, so that the next turn can
go on from it; a turn that fails to go on from a response makes the connection forget that one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.responses.editing import anew
from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.frames import FrameOutlet, refused
from tokentape.gateway.responses.local import Local
from tokentape.log import log
from tokentape.protocols.fastjson import loads
from tokentape.protocols.reading import text
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import Request, without

if TYPE_CHECKING:
    from tokentape.gateway.call import Incoming
    from tokentape.gateway.receiving import Receive, Send
    from tokentape.gateway.responses.service import Responses
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_HTTP_ONLY = ("type", "stream", "stream_options")
_HANDSHAKE = (
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "content-type",
    "content-length",
)
NORMAL, TOO_BIG = 1000, 1009
"""Close codes (RFC 6455, section 7.4.1)."""


async def connect(service: Responses, incoming: Incoming, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, whose handshake was checked, until it closes."""
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    await send({"type": "websocket.accept"})
    await Connection(service, incoming, receive, send).serve()


class Connection:
    """One client's connection."""

    def __init__(self, service: Responses, incoming: Incoming, receive: Receive, send: Send) -> None:
        self._service, self._incoming = service, incoming
        self._receive, self._asgi_send = receive, send
        self._local = Local()
        self._closed = asyncio.Event()
        self._turn: asyncio.Task[None] | None = None
        self._is_busy = False
        self._turns = 0

    async def serve(self) -> None:
        """Until the client leaves; a turn that runs then is cancelled, and with it the upstream."""
        try:
            while True:
                message = await self._receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message["type"] == "websocket.receive":
                    await self._message(message.get("text"), message.get("bytes"))
        except ClientGone:
            return
        finally:
            self._closed.set()
            if self._turn is not None:
                self._turn.cancel()
                await asyncio.wait([self._turn])

    async def _message(self, said: object, raw: object) -> None:
        try:
            asked = self._read(said, raw)
            if self._is_busy:
                raise NotDone(
                    409,
                    "A response is being made on this connection: wait for its last event.",
                    code="response_in_progress",
                )
        except NotDone as error:
            await self._send(refused(error))
            return
        if self._turn is not None:
            await asyncio.wait([self._turn])  # it told its last event, and is only tidying up
        self._is_busy = True
        self._turns += 1
        self._turn = asyncio.create_task(self._answer(asked))
        self._turn.add_done_callback(_ended)

    def _read(self, said: object, raw: object) -> Fields:
        """The request in a message. Raises `NotDone`."""
        data = said.encode("utf-8", "surrogatepass") if isinstance(said, str) else raw
        if not isinstance(data, bytes):
            raise NotDone(400, "A message must be JSON text.", code="invalid_json")
        most = self._service.options.max_frame
        if len(data) > most:
            raise NotDone(413, f"A message has {len(data)} bytes; at most {most} are taken.")
        try:
            found = loads(data)
        except JsonError:
            raise NotDone(400, "The message is not JSON.", code="invalid_json") from None
        if not isinstance(found, dict) or found.get("type") != "response.create":
            kind = text(found.get("type")) if isinstance(found, dict) else ""
            why = f"Messages of type '{kind[:80]}' are not known; send 'response.create'."
            raise NotDone(400, why, code="unknown_message_type", param="type")
        if found.get("background"):
            why = "A WebSocket has no background responses: ask for one with POST /v1/responses."
            raise NotDone(400, why, param="background")
        return found

    async def _answer(self, asked: Fields) -> None:
        outlet = FrameOutlet(self._send, self._closed, self._free)
        try:
            await self._ask(asked, outlet)
        except ClientGone:
            return
        finally:
            if not outlet.is_over and not self._closed.is_set():  # a defect, which `_ended` logs
                with suppress(ClientGone):
                    await outlet.fail(500, {"message": "a defect of tokentape; its log says more"})
            self._free()
            if outlet.failed:
                self._local.forget(text(asked.get("previous_response_id")))

    async def _ask(self, asked: Fields, outlet: FrameOutlet) -> None:
        incoming = self._incoming
        request = incoming.request
        bare = Request("POST", _http(request.url), without(request.headers, *_HANDSHAKE), http=request.http)
        body: Fields = {name: value for name, value in asked.items() if name not in _HTTP_ONLY}
        body["stream"] = True
        try:
            call = anew(_turn_of(incoming, bare, self._turns), bare.url, body)
        except ValueError:
            why = "The message asks for nothing: send `model` and `input`."
            await outlet.fail(400, NotDone(400, why).error)
            return
        await self._service.answer(call, outlet, self._local)

    def _free(self) -> None:
        """The next message may be a request: the client has heard the end of this one, or is about to."""
        self._is_busy = False

    async def _send(self, data: bytes) -> None:
        if self._closed.is_set():
            raise ClientGone
        await self._asgi_send({"type": "websocket.send", "text": data.decode("utf-8", "replace")})


def _ended(turn: asyncio.Task[None]) -> None:
    if not turn.cancelled() and (error := turn.exception()) is not None:
        log.error("a turn of a WebSocket: a defect of tokentape", exc_info=error)


def _turn_of(incoming: Incoming, request: Request, number: int) -> Incoming:
    """What came in with one message, named after the connection."""
    return replace(incoming, id=f"{incoming.id}-{number}", request=request)


def _http(url: str) -> str:
    """The URL of the same place for requests."""
    scheme, mark, rest = url.partition("://")
    return {"ws": "http", "wss": "https"}.get(scheme, scheme) + mark + rest
