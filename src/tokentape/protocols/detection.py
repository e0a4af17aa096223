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
    ("cohere", frozenset({"citation_options", "safety_mode", "documents", "strict_tools", "k", "p"})),
    ("anthropic.messages", frozenset({"system", "anthropic_version", "anthropic_beta"})),
    ("ollama", frozenset({"keep_alive", "options", "think", "format"})),
)
"""Fields of a request with `messages` that one dialect has and Chat has not; the first that fits wins."""

_CHAT = frozenset(
    {
        "functions", "logit_bias", "max_completion_tokens", "modalities", "n", "parallel_tool_calls",
        "reasoning_effort", "stop", "stream_options", "top_logprobs", "user",
    }
)  # fmt: skip
"""Fields of Chat that neither Messages nor Cohere has: its servers run all models."""

_SHARED = frozenset({"frequency_penalty", "logprobs", "presence_penalty", "response_format", "seed"})
"""Those that Cohere has, too."""

_BLOCKS = frozenset({"tool_use", "tool_result", "redacted_thinking"})
_PARTS = frozenset({"image_url", "input_audio", "file", "refusal"})
_ROLES = frozenset({"system", "developer", "tool", "function"})


def dialect_of_request(body: Fields) -> str | None:
    """The dialect of a request body; None where nothing tells."""
    if "contents" in body:
        return "gemini"
    if "messages" not in body:
        return "openai.responses" if "input" in body else None
    turns = list(objects(body["messages"]))
    blocks = [block for turn in turns for block in objects(turn.get("content")) if block]
    if any("type" not in block for block in blocks) or _is_bare_text(body.get("system")):
        return "bedrock.converse"
    found = next((name for name, only in _ONLY if body.keys() & only), None)
    if found is not None:
        return found
    if any("input_schema" in tool for tool in objects(body.get("tools"))):
        return "anthropic.messages"
    if any(text(block.get("type")) in _BLOCKS or "source" in block for block in blocks):
        return "anthropic.messages"
    if any("images" in turn for turn in turns):
        return "ollama"
    return _by_family(body, turns, blocks)


def _by_family(body: Fields, turns: list[Fields], blocks: list[Fields]) -> str:
    """Where the shape may be that of Messages, Chat or Cohere: by whose model it is, and signs of Chat."""
    family = family_of(text(body.get("model")), "")
    if family == "command" or any("tool_plan" in turn for turn in turns):
        return "openai.chat" if body.keys() & _CHAT else "cohere"
    shared = body.keys() & _SHARED or _as_in_chat(body, turns, blocks)
    if "stop_sequences" in body:
        return "cohere" if shared else "anthropic.messages"
    thinks = any(block.get("type") == "thinking" and "signature" in block for block in blocks)
    is_claude = thinks or (family == "claude" and "max_tokens" in body)
    return "anthropic.messages" if is_claude and not (shared or body.keys() & _CHAT) else "openai.chat"


def _as_in_chat(body: Fields, turns: list[Fields], blocks: list[Fields]) -> bool:
    """True for messages, tools and parts that Messages has in another form."""
    return (
        any("tool_calls" in turn or text(turn.get("role")) in _ROLES for turn in turns)
        or any("function" in tool for tool in objects(body.get("tools")))
        or any(text(block.get("type")) in _PARTS for block in blocks)
    )


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
