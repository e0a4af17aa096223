"""Token counts of InvokeModel: the model maker's own, else those that AWS adds for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.usage import usage as anthropic
from tokentape.protocols.anthropic_messages.usage import usage_of_stream as anthropic_stream
from tokentape.protocols.bedrock_converse.usage import usage as nova
from tokentape.protocols.bedrock_invoke.stream import METRICS, inner
from tokentape.protocols.openai_chat.usage import usage as chat
from tokentape.protocols.reading import at, fields, number, objects, total
from tokentape.protocols.usage import Usage, plus
from tokentape.wire.message import header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


def usage(reply: Json) -> Usage | None:
    """Nova's, OpenAI's, Anthropic's, Llama's or Titan's counts."""
    counts = fields(at(reply, "usage"))
    if "inputTokens" in counts:
        return nova(reply)
    if "prompt_tokens" in counts:
        return chat(reply)
    return anthropic(reply) or _llama(reply) or _titan(reply)


def _llama(reply: Json) -> Usage | None:
    told = fields(reply)
    return Usage(number(told.get("prompt_token_count")), number(told.get("generation_token_count"))).known()


def _titan(reply: Json) -> Usage | None:
    """Text and embeddings; Titan's stream counts its output as it goes, so AWS's metrics count there."""
    results = [number(result.get("tokenCount")) for result in objects(at(reply, "results"))]
    return Usage(number(at(reply, "inputTextTokenCount")), total(*results)).known()


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """Anthropic's events, which know how long a cache is kept; else AWS's metrics of the last event."""
    events = [inner(payload) for payload in stream]
    found = anthropic_stream(events)
    if found is not None and found.output is not None:
        return found
    for event in reversed(events):
        if metrics := fields(at(event.json, METRICS)):
            return _counted(*(number(metrics.get(name)) for name in _METRICS))
    return found


_METRICS = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")


def usage_in_headers(headers: Headers) -> Usage | None:
    """What AWS says in `x-amzn-bedrock-*-token-count`, for models whose body counts nothing."""
    names = ("input", "output", "cache-read-input", "cache-write-input")
    return _counted(*(_whole(header(headers, f"x-amzn-bedrock-{name}-token-count")) for name in names))


def _whole(value: str | None) -> int | None:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 18:
        return None
    return int(value)


def _counted(asked: int | None, said: int | None, read: int | None, written: int | None) -> Usage | None:
    """AWS's input leaves out what was read from, or written to, a cache."""
    return Usage(plus(asked, read, written), said, read, cache_write=written).known()
