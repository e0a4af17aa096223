"""What a Chat request asks and what a reply says, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import (
    USER,
    at,
    block_text,
    called,
    fields,
    last_turn,
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
