"""The events of a streamed reply, with their JSON read when somebody asks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    @property
    def json(self) -> Json:
        """The data as JSON; None where it is not JSON (`[DONE]`, a half event)."""
        if not self._read:
            self._read = True
            try:
                self._json = json.loads(self.data)
            except (ValueError, RecursionError):
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


class _Decoder(Protocol):
    def feed(self, data: bytes) -> list[StreamEvent]: ...
    def close(self) -> list[StreamEvent]: ...


def payloads(response: Response, *, asked: bool) -> list[Payload] | None:
    """The events of `response`, or None where it is no stream.

    `asked`: the caller asked for a stream; a JSON array is then one (Gemini). The body is looked at
    besides its type, since recorded and proxied streams go by the wrong type, or none.
    """
    from tokentape.wire.body import decoded_body, media_type

    body = decoded_body(response) or b""
    decoder = _decoder(media_type(response.headers), body.lstrip()[:16], asked)
    if decoder is None:
        return None
    return _with_data([*decoder.feed(body), *decoder.close()])


def _with_data(events: Iterable[StreamEvent]) -> list[Payload]:
    return [Payload(event.name, event.data) for event in events if event.data is not None]


def _decoder(media: str, start: bytes, asked: bool) -> _Decoder | None:
    if media == "text/event-stream" or start.startswith((b"data:", b"event:")):
        from tokentape.wire.sse import SseDecoder

        return SseDecoder()
    if media == "application/vnd.amazon.eventstream":
        from tokentape.wire.eventstream import EventStreamDecoder

        return EventStreamDecoder()
    if media in _NDJSON:
        from tokentape.wire.ndjson import NdjsonDecoder

        return NdjsonDecoder()
    if asked and start.startswith(b"["):
        from tokentape.wire.jsonarray import JsonArrayDecoder

        return JsonArrayDecoder()
    return None


_NDJSON = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/stream+json",
        "application/jsonl",
        "application/jsonlines",
    }
)
