"""What Cohere is asked and what it says; and its token counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.reading import (
    USER,
    at,
    block_text,
    called,
    counted_vectors,
    fields,
    last_turn,
    number,
    objects,
    spaced,
    text,
)
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The last user text, the message (v1), the prompt, or the last text to embed."""
    given = fields(body)
    if "messages" in given:
        return last_turn(given["messages"], USER)
    said = (text(given.get(name)) for name in ("message", "prompt", "text"))
    return next(filter(None, said), "") or text(at(given, "texts", -1))


def reads_as(reply: Json) -> str:
    """Text and tool calls of v2, text of v1 and of generate, the number of vectors."""
    message = fields(at(reply, "message"))
    said = (
        block_text(message.get("content"))
        or text(at(reply, "text"))
        or text(at(reply, "generations", 0, "text"))
    )
    calls = objects(message.get("tool_calls") or at(reply, "tool_calls"))
    return spaced([said, *(call_words(call) for call in calls)]) or _vectors(at(reply, "embeddings"))


def call_words(call: dict[str, Json]) -> str:
    """One tool call: v2 has a function with arguments as text, v1 a name with parameters."""
    function = fields(call.get("function"))
    return called(
        function.get("name") or call.get("name"), function.get("arguments") or call.get("parameters")
    )


def _vectors(found: Json) -> str:
    """v1 answers with a list, v2 with a list for each type asked for."""
    vectors = next(iter(found.values()), None) if isinstance(found, dict) else found
    return counted_vectors(vectors) if isinstance(vectors, list) else ""


def usage(reply: Json) -> Usage | None:
    """v2 counts in `usage`, v1 in `meta`; both also say what is billed, which is less: not the template."""
    counted = fields(at(reply, "usage") or at(reply, "meta"))
    billed = _counts(counted.get("billed_units"), counted)
    counts = _counts(counted.get("tokens"), counted) or billed
    return None if counts is None else replace(counts, billed=billed, raw=counted)


def _counts(units: Json, counted: dict[str, Json]) -> Usage | None:
    counts = fields(units)
    asked, said = number(counts.get("input_tokens")), number(counts.get("output_tokens"))
    return Usage(asked, said, number(counted.get("cached_tokens")) if counts else None).known()
