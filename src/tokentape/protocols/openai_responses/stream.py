"""Responses streams: typed events; the last one holds the whole response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_responses.words import item_words, reads_as
from tokentape.protocols.reading import fields, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

ENDS = frozenset(
    {
        "response.completed",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
        "error",
        "response.done",
    }
)
"""`response.done` is what some compatible servers say for all of them."""


def is_complete(stream: Sequence[Payload]) -> bool:
    """One of the ending events; a `[DONE]` after it is neither needed nor enough."""
    return any(_type(payload) in ENDS for payload in reversed(stream))


def _type(payload: Payload) -> str:
    return text(payload.fields.get("type")) or payload.name or ""


def _response(stream: Sequence[Payload]) -> Json:
    """The whole response out of the last event that holds one."""
    for payload in reversed(stream):
        if _type(payload) in ENDS and (response := payload.fields.get("response")):
            return response
    return None


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The ending event's output; the finished items, then the open text, where the stream was cut."""
    if whole := reads_as(_response(stream)):
        return whole
    items = [p.fields for p in stream if _type(p) == "response.output_item.done"]
    done = spaced(item_words(item) for event in items for item in objects(fields(event).get("item")))
    return done or "".join(
        text(p.fields.get("delta")) for p in stream if _type(p) == "response.output_text.delta"
    )
