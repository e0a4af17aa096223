"""Wire events as bytes, for each way in which streams are framed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.codec import COMMENT
from tokentape.protocols.fastjson import dumps
from tokentape.wire.eventstream import EventHeader, EventStreamDecoder, encode_message
from tokentape.wire.jsonarray import JsonArrayDecoder
from tokentape.wire.ndjson import NdjsonDecoder
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.codec import WireEvent
    from tokentape.wire.event import Decoder


def sse(event: WireEvent) -> bytes:
    """Server-sent: `event` only where it has a name; a comment has no data."""
    if event.raw is not None and event.name == COMMENT:
        return b":" + event.raw.encode() + b"\n\n"
    head = b"event: " + event.name.encode() + b"\n" if event.name else b""
    data = dumps(event.json) if event.raw is None else event.raw.encode()
    return head + b"data: " + data + b"\n\n"


def ndjson(event: WireEvent) -> bytes:
    """One line of JSON."""
    return dumps(event.json) + b"\n"


def eventstream(event: WireEvent) -> bytes:
    """AWS's event-stream: an event, or an exception."""
    kind = "exception" if event.exception else "event"
    headers = (
        (f":{kind}-type", event.name),
        (":content-type", "application/json"),
        (":message-type", kind),
    )
    return encode_message([EventHeader(name, value) for name, value in headers], dumps(event.json))


ENCODERS: dict[str, Callable[[WireEvent], bytes]] = {"sse": sse, "ndjson": ndjson, "eventstream": eventstream}

_DECODERS: dict[str, Callable[[], Decoder]] = {
    "sse": SseDecoder,
    "ndjson": NdjsonDecoder,
    "eventstream": EventStreamDecoder,
    "json-array": JsonArrayDecoder,
}

MEDIA_TYPES = {
    "sse": "text/event-stream; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "eventstream": "application/vnd.amazon.eventstream",
}


def decoder(framing: str) -> Decoder:
    """A decoder for bytes framed like that; "json-array" is Gemini's other way."""
    return _DECODERS[framing]()


_BLANK = b" \t\r\n"


def framing_of(begun: bytes, expected: str) -> str | None:
    """How a stream is framed that has begun with these bytes; None as long as that is open.

    No field of server-sent events begins with a bracket, so what does is a JSON array.
    """
    if expected != "sse":
        return expected
    first = begun.lstrip(_BLANK)[:1]
    if not first:
        return None
    return "json-array" if first == b"[" else expected
