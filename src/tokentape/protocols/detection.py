"""Which dialect a bare body is of, where no path tells: by what only one of them writes.

Recognition of calls never uses this; it is for files that somebody holds in hands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.families import family_of
from tokentape.protocols.reading import at, fields, objects, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ONLY = (
    ("bedrock.converse", frozenset({"inferenceConfig", "toolConfig", "additionalModelRequestFields"})),
    ("anthropic.messages", frozenset({"system", "stop_sequences", "anthropic_version", "anthropic_beta"})),
    ("ollama", frozenset({"keep_alive", "options", "think", "format"})),
    ("cohere", frozenset({"citation_options", "safety_mode", "documents", "strict_tools", "k", "p"})),
)
"""Fields of a request with `messages` that one dialect has and Chat has not; the first that fits wins."""

_BY_FAMILY = {"claude": "anthropic.messages", "command": "cohere"}

_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "document"})


def dialect_of_request(body: Fields) -> str | None:
    """The dialect of a request body; None where nothing tells."""
    if "contents" in body:
        return "gemini"
    if "messages" not in body:
        return "openai.responses" if "input" in body else None
    blocks = [block for turn in objects(body["messages"]) for block in objects(turn.get("content")) if block]
    if any("type" not in block for block in blocks) or _is_bare_text(body.get("system")):
        return "bedrock.converse"
    found = next((name for name, only in _ONLY if body.keys() & only), None)
    if found is not None:
        return found
    has_schema = any("input_schema" in tool for tool in objects(body.get("tools")))
    if has_schema or any(block.get("type") in _BLOCKS or "source" in block for block in blocks):
        return "anthropic.messages"
    if any("images" in turn for turn in objects(body["messages"])):
        return "ollama"
    return _BY_FAMILY.get(family_of(text(body.get("model")), ""), "openai.chat")


def _is_bare_text(system: Json) -> bool:
    return isinstance(system, list) and any("type" not in block for block in objects(system))


def dialect_of_reply(body: Fields) -> str | None:
    """The dialect of a reply body; None where nothing tells."""
    if body.get("object") == "response" or isinstance(body.get("output"), list):
        return "openai.responses"
    if "choices" in body:
        return "openai.chat"
    if body.get("type") == "message":
        return "anthropic.messages"
    if "candidates" in body or "promptFeedback" in body:
        return "gemini"
    if fields(at(body, "output", "message")) or "stopReason" in body:
        return "bedrock.converse"
    if isinstance(body.get("message"), dict):
        return "ollama" if "done" in body else "cohere"
    return None
