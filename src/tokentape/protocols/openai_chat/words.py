"""What a Chat request asks and what a reply says, in plain words; and its token counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Usage
from tokentape.protocols.reading import (
    USER,
    at,
    block_text,
    called,
    fields,
    last_turn,
    number,
    objects,
    spaced,
    text,
)

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The text of the last user message."""
    return last_turn(fields(body).get("messages"), USER)


def reads_as(reply: Json) -> str:
    """The text of each choice, and its tool calls."""
    return spaced(message_words(choice.get("message")) for choice in objects(at(reply, "choices")))


def message_words(message: Json) -> str:
    """One assistant message: text, refusal, tool calls."""
    said = fields(message)
    calls = [
        called(at(c, "function", "name"), at(c, "function", "arguments"))
        for c in objects(said.get("tool_calls"))
    ]
    function = fields(said.get("function_call"))
    if function.get("name"):
        calls.append(called(function.get("name"), function.get("arguments")))
    return spaced([block_text(said.get("content")), text(said.get("refusal")), *calls])


def usage(reply: Json) -> Usage | None:
    """The `usage` object; some servers count the cached part at its top (DeepSeek), or in `x_groq`."""
    counts = fields(at(reply, "usage") or at(reply, "x_groq", "usage"))
    if not counts:
        return None
    cached = number(at(counts, "prompt_tokens_details", "cached_tokens"))
    return Usage.known(
        input=number(counts.get("prompt_tokens")),
        output=number(counts.get("completion_tokens")),
        cached_input=number(counts.get("prompt_cache_hit_tokens")) if cached is None else cached,
        reasoning=number(at(counts, "completion_tokens_details", "reasoning_tokens")),
    )
