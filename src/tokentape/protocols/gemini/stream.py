"""Gemini streams: whole replies one after another, as SSE or as one JSON array; and interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.gemini.words import parts_words
from tokentape.protocols.reading import at, number, objects, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_INTERACTION_ENDS = frozenset(
    {"interaction.completed", "interaction.complete", "interaction.failed", "error"}
)


def is_complete(stream: Sequence[Payload]) -> bool:
    """A finish reason for every candidate, a blocked prompt, or an error; an interaction's own end."""
    if any(_is_end(payload) for payload in reversed(stream)):
        return True
    seen: set[int] = set()
    finished: set[int] = set()
    for payload in stream:
        for candidate in objects(payload.fields.get("candidates")):
            index = number(candidate.get("index")) or 0
            seen.add(index)
            if candidate.get("finishReason"):
                finished.add(index)
    return bool(seen) and seen == finished


def _is_end(payload: Payload) -> bool:
    event = payload.fields
    blocked = at(event, "promptFeedback", "blockReason")
    return bool(blocked or event.get("error")) or text(event.get("event_type")) in _INTERACTION_ENDS


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The parts of all chunks, candidate by candidate; an interaction's text."""
    parts: dict[int, list[Json]] = {}
    deltas: list[str] = []
    for payload in stream:
        for candidate in objects(payload.fields.get("candidates")):
            found = at(candidate, "content", "parts")
            parts.setdefault(number(candidate.get("index")) or 0, []).extend(objects(found))
        if at(payload.json, "delta", "type") == "text":
            deltas.append(text(at(payload.json, "delta", "text")))
    return spaced(parts_words(parts[index]) for index in sorted(parts)) or "".join(deltas)
