"""What InvokeModel bodies ask and say, over the model makers' shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.words import reads_as as anthropic_words
from tokentape.protocols.bedrock_converse.words import reads_as as nova_words
from tokentape.protocols.openai_chat.words import reads_as as chat_words
from tokentape.protocols.reading import USER, at, fields, last_turn, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_PROMPTS = ("prompt", "inputText")
_TEXTS: tuple[tuple[str | int, ...], ...] = (
    ("generation",),
    ("completion",),
    ("outputText",),
    ("text",),
    ("results", 0, "outputText"),
    ("outputs", 0, "text"),
    ("generations", 0, "text"),
    ("completions", 0, "data", "text"),
)
"""Where Llama, Claude 2, Titan (stream), Cohere, Titan, Mistral, Cohere, AI21 put their text."""


def asks(body: Json) -> str:
    """The last user text, or the prompt."""
    given = fields(body)
    if "messages" in given:
        return last_turn(given["messages"], USER)
    return next((said for name in _PROMPTS if (said := text(given.get(name)))), "")


def reads_as(reply: Json) -> str:
    """The text, wherever the model's maker puts it."""
    plain = next((said for path in _TEXTS if (said := text(at(reply, *path)))), "")
    return plain or anthropic_words(reply) or nova_words(reply) or chat_words(reply)
