"""The events of a streamed reply, with their JSON read when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.jsontext import JsonError, is_json, parse

if TYPE_CHECKING:
    from tokentape.wire.event import StreamEvent
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Response


class Payload:
    """One event that carries data: its name (None where the framing has none) and its JSON."""

    __slots__ = ("_json", "_read", "data", "name")

    def __init__(self, name: str | None, data: bytes) -> None:
        self.name = name
        self.data = data
        self._read = False
        self._json: Json = None

    @classmethod
    def read(cls, name: str | None, data: bytes, json: Json) -> Payload:
        """An event whose JSON somebody has read already."""
        payload = cls(name, data)
        payload._read, payload._json = True, json
        return payload

    @property
    def json(self) -> Json:
        """The data as JSON; None where it is not JSON (`[DONE]`, a half event)."""
        if not self._read:
            self._read = True
            try:
                self._json = parse(self.data)
            except JsonError:
                self._json = None
        return self._json

    @property
    def fields(self) -> dict[str, Json]:
        """The data as an object, or an empty one."""
        value = self.json
        return value if isinstance(value, dict) else {}

    @property
    def is_done(self) -> bool:
        """True for the `[DONE]` of OpenAI and its kin."""
        return self.data.strip() == b"[DONE]"


def payloads(response: Response, *, asked: bool) -> list[Payload] | None:
    """The events of `response`, or None where it is no stream.

    `asked`: the caller asked for a stream. It decides where the type does not: a JSON array is then one
    (Gemini), and so are several lines of JSON without a type.
    """
    events = _events(response, asked)
    if events is None:
        return None
    return [Payload(event.name, event.data) for event in events if event.data is not None]


def _events(response: Response, asked: bool) -> list[StreamEvent] | None:
    from tokentape.wire.body import decoded_body, decoder_for, events_of, media_type

    if decoder_for(media_type(response.headers)) is not None:
        return events_of(response)
    body = (decoded_body(response) or b"").lstrip()
    if body.startswith(b"{"):
        return _lines(body) if asked else None
    if body.startswith(b"[") and not asked:
        return None
    return events_of(response) or None


def _lines(body: bytes) -> list[StreamEvent] | None:
    """The events of NDJSON without its type; None where the body is one value, on one line or several."""
    from tokentape.wire.event import decode
    from tokentape.wire.ndjson import NdjsonDecoder

    first, _, rest = body.partition(b"\n")
    return decode(NdjsonDecoder(), (body,)) if rest.strip() and is_json(first) else None
