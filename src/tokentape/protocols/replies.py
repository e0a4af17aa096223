"""A whole reply, or the events of a stream, told by their shape: whose they are, and what they count.

For values that come without their request: objects of SDKs, dictionaries, lines of a log. Where the request
is there, the registry knows better.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.charges import charged_in_stream
from tokentape.protocols.payload import Payload
from tokentape.protocols.reading import at, fields, text
from tokentape.protocols.table import dialect_named

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Dialect
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json


def usage_in(value: Json) -> Usage | None:
    """The tokens that `value` counts: a reply, its usage object alone, or a list of a stream's events."""
    dialect, told = _told(value)
    if dialect is None:
        return None
    if not isinstance(told, list):
        return dialect.usage(told)
    stream = [_payload(event) for event in told]
    usage = dialect.stream.usage(stream) if dialect.stream else None
    charged = charged_in_stream(stream)
    return usage if usage is None or charged is None else replace(usage, charged=charged)


def dialect_in(value: Json) -> str | None:
    """The name of the dialect in which `value` counts tokens."""
    dialect, _ = _told(value)
    return dialect.name if dialect else None


def _told(value: Json) -> tuple[Dialect | None, Json]:
    """Whose it is, and the same as its API writes it."""
    if not isinstance(value, list):
        reply = _reply(camel_cased(value))
        return _dialect(reply), reply
    events: list[Json] = [camel_cased(event) for event in value]
    found = (_dialect(_reply(_inner(event))) for event in reversed(events))
    return next((dialect for dialect in found if dialect is not None and dialect.stream), None), events


def model_in(value: Json) -> str | None:
    """The model that `value` names: a reply, a request, or a list of a stream's events."""
    if isinstance(value, list):
        return next((found for each in value if (found := model_in(each))), None)
    told = fields(camel_cased(value))
    for path in _MODELS:
        if found := text(at(told, *path)):
            return found
    return None


_MODELS = (
    ("model",),
    ("modelVersion",),
    ("modelId",),
    ("message", "model"),
    ("response", "model"),
)


def _payload(event: Json) -> Payload:
    """An event as on the wire: most say their name in `type`, boto3 makes it the only field."""
    told = fields(event)
    name = text(told.get("type")) or None
    if isinstance(inner := told.get("metadata"), dict) and len(told) == 1:
        name, event = "metadata", inner
    return Payload.read(name, json.dumps(event).encode(), event)


def _inner(event: Json) -> Json:
    """What an event says of the reply: the field in which its dialect puts that, else the event."""
    told = fields(event)
    held = (told.get(name) for name in ("response", "message", "metadata", "delta"))
    return next((each for each in held if _dialect(_reply(each)) is not None), event)


def _reply(value: Json) -> Json:
    """A reply with `value` as its usage, if that is what it is."""
    told = fields(value)
    if told.keys() & _COUNTS and not told.keys() & {"usage", "usageMetadata"}:
        return {"usage": told}
    if told.keys() & {"promptTokenCount", "totalTokenCount", "candidatesTokenCount"}:
        return {"usageMetadata": told}
    return value


_COUNTS = frozenset({"prompt_tokens", "input_tokens", "inputTokens", "billed_units", "output_tokens"})


def _dialect(reply: Json) -> Dialect | None:
    """Whose reply it is, by what it counts."""
    told = fields(reply)
    name = _by_usage(fields(told.get("usage")), told)
    if "usageMetadata" in told:
        name = "gemini"
    elif "prompt_eval_count" in told or "eval_count" in told:
        name = "ollama"
    elif at(told, "meta", "billed_units") is not None or at(told, "meta", "tokens") is not None:
        name = "cohere"
    elif at(told, "x_groq", "usage"):
        name = "openai.chat"
    return dialect_named(name) if name else None


def _by_usage(usage: dict[str, Json], reply: dict[str, Json]) -> str:
    """Anthropic counts no total, Responses always does."""
    if "billed_units" in usage or isinstance(usage.get("tokens"), dict):
        return "cohere"
    if "prompt_tokens" in usage or "completion_tokens" in usage:
        return "openai.embeddings" if _embeds(usage, reply) else "openai.chat"
    if "inputTokens" in usage:
        return "bedrock.converse"
    if "total_input_tokens" in usage:
        return "gemini"
    if "input_tokens" in usage or "output_tokens" in usage:
        told = usage.keys() & {"total_tokens", "input_tokens_details"} or reply.get("object") == "response"
        return "openai.responses" if told else "anthropic.messages"
    return "openai.embeddings" if "total_tokens" in usage else ""


def _embeds(usage: dict[str, Json], reply: dict[str, Json]) -> bool:
    return "completion_tokens" not in usage and "choices" not in reply


_SNAKE = re.compile(r"_([a-z])")
_SPELLED = frozenset({"usage_metadata", "prompt_token_count", "candidates_token_count", "model_version"})


def camel_cased(value: Json) -> Json:
    """Gemini's fields as its API writes them: its SDK's objects have them in snake_case."""
    told = fields(value)
    if not told.keys() & _SPELLED:
        return value
    counts = told.get("usage_metadata")
    renamed = {_SNAKE.sub(_upper, name): each for name, each in told.items()}
    return {**renamed, "usageMetadata": _camel(counts)} if counts is not None else _camel(told)


def _camel(value: Json) -> Json:
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if isinstance(value, dict):
        return {_SNAKE.sub(_upper, name): _camel(each) for name, each in value.items()}
    return value


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()
