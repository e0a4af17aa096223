"""Tokens of a call, by the names that traces have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, number, text
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_INPUT = (
    "input_tokens",
    "prompt_tokens",
    "input",
    "prompt",
    "promptTokens",
    "inputTokens",
    "prompt_token_count",
)
_OUTPUT = (
    "output_tokens", "completion_tokens", "output", "completion", "completionTokens", "outputTokens",
    "candidates_token_count",
)  # fmt: skip
_READ = (
    "cache_read.input_tokens", "cache_read_input_tokens", "cached_tokens", "input_cache_read", "cache_read",
    "cached_input_tokens", "input_cached_tokens", "cache_read_tokens", "cached_content_token_count",
)  # fmt: skip
_WRITE = (
    "cache_creation.input_tokens", "cache_write.input_tokens", "cache_creation_input_tokens", "cache_write",
    "input_cache_creation", "cache_creation", "cache_write_tokens",
)  # fmt: skip
_REASONING = (
    "reasoning.output_tokens", "reasoning_tokens", "output_reasoning", "reasoning", "output_reasoning_tokens",
    "thoughts_token_count",
)  # fmt: skip
_TOTAL = ("total_tokens", "total", "totalTokens", "total_token_count")
_AUDIO_IN, _AUDIO_OUT = ("input_audio", "audio_input"), ("output_audio", "audio_output")
_INNER_IN = ("prompt_tokens_details", "input_tokens_details", "input_token_details", "prompt_details")
_INNER_OUT = (
    "completion_tokens_details", "output_tokens_details", "output_token_details", "completion_details",
)  # fmt: skip


def usage_of(told: Json) -> Usage | None:
    """The usage; None where no count is known. `told` may have counts as texts (CSV, OTLP)."""
    counts = fields(told)
    inner_in = _within(counts, _INNER_IN)
    inner_out = _within(counts, _INNER_OUT)
    read, write = _one(counts, _READ), _one(counts, _WRITE)
    read = read if read is not None else _one(inner_in, _READ)
    write = write if write is not None else _one(inner_in, _WRITE)
    reasoning = _one(counts, _REASONING)
    reasoning = reasoning if reasoning is not None else _one(inner_out, _REASONING)
    asked, said = _whole(counts, (read or 0) + (write or 0), reasoning or 0)
    return Usage(
        input=asked,
        output=said,
        cache_read=read,
        cache_write=write,
        reasoning=reasoning,
        audio_input=_some(_one(counts, _AUDIO_IN), _one(inner_in, ("audio", "audio_tokens"))),
        audio_output=_some(_one(counts, _AUDIO_OUT), _one(inner_out, ("audio", "audio_tokens"))),
    ).known()


def _whole(counts: Fields, cached: int, thought: int) -> tuple[int | None, int | None]:
    """The whole prompt and all that was generated.

    Some counts leave out what was cached (Anthropic's), or thought (Gemini's). The total tells, else the
    names do: what Langfuse calls `input` and `output` is the rest beside `input_...` and `output_...`.
    """
    asked, said, total = _one(counts, _INPUT), _one(counts, _OUTPUT), _one(counts, _TOTAL)
    if "input" in counts or "output" in counts:
        cached, thought = max(cached, _sum(counts, "input_")), max(thought, _sum(counts, "output_"))
        apart = (cached, thought)
    else:
        apart = (cached if asked is not None and cached > asked else 0, 0)
    if asked is not None and said is not None and total is not None:
        ways = (apart, (0, 0), (cached, 0), (0, thought), (cached, thought))
        apart = next((way for way in ways if asked + said + sum(way) == total), apart)
    return (
        asked + apart[0] if asked is not None else None,
        said + apart[1] if said is not None else None,
    )


def _sum(counts: Fields, start: str) -> int:
    return sum(
        count_of(value) or 0
        for name, value in counts.items()
        if name.startswith(start) and name not in (*_INPUT, *_OUTPUT)
    )


def count_of(value: Json) -> int | None:
    """A count, also where it is written as a text or with a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    digits = text(value).removesuffix(".0")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        value = int(digits)
    found = number(value)
    return found if found is not None and 0 <= found < 10**15 else None


def _one(counts: Fields, names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count_of(counts.get(name))) is not None), None)


def _within(counts: Fields, names: tuple[str, ...]) -> Fields:
    return next((found for name in names if (found := fields(counts.get(name)))), {})


def _some(*counts: int | None) -> int | None:
    """A kind of token that is hardly ever used: 0 says as little as nothing."""
    return next((count for count in counts if count), None)
