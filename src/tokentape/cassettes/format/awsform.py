"""AWS event streams (`application/vnd.amazon.eventstream`), one message per line.

    {"aws_events": [EVENT...], "style": ...}    EVENT = [headers, V] | [headers, V, PATCH] | [headers]
                                                      | {"base64": S}

`headers` is an object: a text for a string header, true or false, and `[type, value]` for the other
types (numbers; bytes as base64). `[headers]` has an empty payload. Lengths and checksums are not shown but
made again, so an edited event is a valid one. What is no message, or not one of these, stays base64.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tokentape.cassettes.format.payloads import payload_texts, restore_raw, show_payload
from tokentape.cassettes.format.sseform import stream_style
from tokentape.cassettes.format.styles import style_of
from tokentape.cassettes.format.textform import restore_base64, show_base64
from tokentape.wire.eventstream import (
    EventHeader,
    EventStreamDecoder,
    decode_message,
    encode_message,
    starts_message,
)

if TYPE_CHECKING:
    from tokentape.cassettes.format.styles import Style
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"aws_events", "style", "ascii", "escapes"})
_TRUE, _FALSE, _STRING = 0, 1, 7


def looks_like_events(body: bytes) -> bool:
    """True if the body starts with a prelude whose checksum fits."""
    return starts_message(body)


def show_events(body: bytes) -> dict[str, Json] | None:
    """The form of an event stream; None if no message of it can be shown."""
    decoder = EventStreamDecoder()
    found = [*decoder.feed(body), *decoder.close()]
    first = next((event.data for event in found if event.data), b"")
    style = stream_style(body, first)
    shown = [_event(event.raw, style) or show_base64(event.raw) for event in found]
    if not any(isinstance(event, list) for event in shown):
        return None
    return {"aws_events": [*shown], **style.fields()}


def _event(raw: bytes, style: Style) -> list[Json] | None:
    try:
        message = decode_message(raw)
        payload = message.payload.decode()
    except ValueError:
        return None
    headers: Json = {header.name: _shown(header) for header in message.headers}
    entry = show_payload("", payload, style) if payload else [None]
    if entry is None:
        return None
    event = [headers, *entry[1:]]
    return event if _message(event, payload) == raw else None  # headers twice, or spelled otherwise


def _shown(header: EventHeader) -> Json:
    if header.type == _STRING or isinstance(header.value, bool):
        return header.value if not isinstance(header.value, bytes) else None
    if isinstance(header.value, bytes):
        return [header.type, base64.b64encode(header.value).decode("ascii")]
    return [header.type, header.value]


def restore_events(form: dict[str, Json]) -> bytes:
    """The bytes again, checksums made anew. ValueError: the form is not one that this version writes."""
    entries = form["aws_events"]
    if not isinstance(entries, list):
        raise ValueError("aws_events is not a list")
    raws = [restore_raw(entry) for entry in entries]
    events = [entry for entry in entries if isinstance(entry, list)]
    texts = payload_texts([_payload(event) for event in events], style_of(form))
    messages = (_message(event, text) for event, text in zip(events, texts, strict=True))
    return b"".join(next(messages) if raw is None else raw for raw in raws)


def _payload(event: list[Json]) -> tuple[None, Json, Json]:
    match event:
        case [dict()]:
            return None, None, None
        case [dict(), value]:
            return None, value, None
        case [dict(), value, patch]:
            return None, value, patch
        case _:
            raise ValueError("an event is [headers], [headers, V] or [headers, V, patch]")


def _message(event: list[Json], payload: str) -> bytes:
    headers = event[0]
    if not isinstance(headers, dict):
        raise ValueError("the headers of an event are an object")
    read = [_header(name, value) for name, value in headers.items()]
    return encode_message(read, payload.encode() if len(event) > 1 else b"")


def _header(name: str, value: Json) -> EventHeader:
    match value:
        case bool():
            return EventHeader(name, value, _TRUE if value else _FALSE)
        case str():
            return EventHeader(name, value, _STRING)
        case [int(kind), int(number)]:
            return EventHeader(name, number, kind)
        case [int(kind), str(coded)]:
            return EventHeader(name, restore_base64(coded), kind)
        case _:
            raise ValueError(f"header {name!r} is a text, true, false or [type, value]")
