"""A generateContent reply as the replies of its stream, as SSE or as one JSON array.

Text comes bit by bit, every other part whole; the last chunk of a candidate says how it finished, the
last of all what it cost (API reference, "streamGenerateContent").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, number, objects
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.unfolding import dumped, pieces
from tokentape.wire.jsontext import Style
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.synthesis import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_EVERY = frozenset({"modelVersion", "responseId", "createTime"})
"""Fields that every chunk repeats."""

_SPACED = Style(",", ": ")
_INDENTED = Style(",", ": ", 2)


def asks_sse(asked: Asked) -> bool:
    """True if the stream was asked for as SSE; else it is a JSON array."""
    return "alt=sse" in split_query(asked.url)[1].lower().split("&")


def stream_type(asked: Asked) -> str:
    """The media type of the stream that was asked for."""
    return "text/event-stream" if asks_sse(asked) else "application/json; charset=UTF-8"


def unfold(reply: Fields, asked: Asked) -> list[bytes]:
    """The events, or the elements of the array. Raises `NotConvertible` for what is no such reply."""
    if not ("candidates" in reply or "promptFeedback" in reply) or "error" in reply:
        raise NotConvertible("the reply has neither candidates nor prompt feedback")
    chunks = list(_chunks(reply))
    if asks_sse(asked):
        return [b"data: " + dumped(chunk, _SPACED) + b"\r\n\r\n" for chunk in chunks]
    starts = [b"[", *[b",\r\n"] * (len(chunks) - 1)]
    events = [start + dumped(chunk, _INDENTED) for start, chunk in zip(starts, chunks, strict=True)]
    return [*events[:-1], events[-1] + b"\n]\n"]


def _chunks(reply: Fields) -> Iterator[Fields]:
    told: Fields = {name: value for name, value in reply.items() if name in _EVERY}
    opening: Fields = {
        name: value for name, value in reply.items() if name not in {*_EVERY, "candidates", "usageMetadata"}
    }
    counted: Fields = {"usageMetadata": reply["usageMetadata"]} if "usageMetadata" in reply else {}
    candidates = list(_candidates(reply))
    if not candidates:
        given: Fields = {"candidates": reply["candidates"]} if "candidates" in reply else {}
        yield given | opening | counted | told
    for nth, candidate in enumerate(candidates):
        first = opening if nth == 0 else {}
        last = counted if nth == len(candidates) - 1 else {}
        yield {"candidates": [candidate]} | first | last | told


def _candidates(reply: Fields) -> Iterator[Json]:
    seen: set[int] = set()
    for candidate in objects(reply.get("candidates") or []):
        index = number(candidate.get("index")) or 0
        if index in seen:
            raise NotConvertible("two candidates of the reply have the same index")
        seen.add(index)
        yield from _candidate(candidate)


def _candidate(candidate: Fields) -> Iterator[Fields]:
    """One part, or bit of one, a chunk; what else the candidate says comes with the last."""
    content = candidate.get("content")
    parts = fields(content).get("parts")
    if not (isinstance(parts, list) and parts):
        yield candidate
        return
    place: Fields = {"index": candidate["index"]} if "index" in candidate else {}
    *earlier, last = [bit for part in parts for bit in _bits(part)]
    for bit in earlier:
        yield {"content": {**fields(content), "parts": [bit]}, **place}
    yield {**candidate, "content": {**fields(content), "parts": [last]}}


def _bits(part: Json) -> Iterator[Json]:
    """Bits of a text; what else its part holds (a signature) comes with the last bit, but `thought`
    with each."""
    said = fields(part).get("text")
    if not (isinstance(said, str) and said):
        yield part
        return
    each: Fields = {"thought": fields(part)["thought"]} if "thought" in fields(part) else {}
    *earlier, last = pieces(said)
    for piece in earlier:
        yield {"text": piece, **each}
    yield {**fields(part), "text": last}
