"""Token counts of Chat replies, over the ways in which servers count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, text
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """The `usage` object, which Groq's streams hold in `x_groq`. `prompt_tokens` count the cached ones."""
    counts = fields(at(reply, "usage") or at(reply, "x_groq", "usage"))
    if not counts:
        return None
    asked = fields(counts.get("prompt_tokens_details"))
    said = fields(counts.get("completion_tokens_details"))
    output, reasoning = _generated(counts, text(at(reply, "model")))
    return (
        Usage(
            input=number(counts.get("prompt_tokens")),
            output=output,
            cache_read=_cached(counts),
            reasoning=reasoning,
            cache_write=number(asked.get("cache_write_tokens")),
            audio_input=number(asked.get("audio_tokens")),
            audio_output=number(said.get("audio_tokens")),
            image_input=number(asked.get("image_tokens")),
            image_output=number(said.get("image_tokens")),
            video_input=number(asked.get("video_tokens")),
            searches=number(counts.get("num_search_queries")),
            charged=charged(counts),
            raw=counts,
        )
        .of(reply)
        .known()
    )


def _cached(counts: dict[str, Json]) -> int | None:
    """OpenAI's place, DeepSeek's, then that of Moonshot and Together."""
    places = (
        at(counts, "prompt_tokens_details", "cached_tokens"),
        counts.get("prompt_cache_hit_tokens"),
        counts.get("cached_tokens"),
    )
    return next((found for place in places if (found := number(place)) is not None), None)


def _generated(counts: dict[str, Json], model: str) -> tuple[int | None, int | None]:
    """Everything generated, and how much of it was thought.

    xAI leaves the reasoning out of `completion_tokens`, and Google's Chat endpoint the thoughts, which it
    counts nowhere else: only the total has them.
    """
    asked, said = number(counts.get("prompt_tokens")), number(counts.get("completion_tokens"))
    thought = number(at(counts, "completion_tokens_details", "reasoning_tokens"))
    total = number(counts.get("total_tokens"))
    if asked is None or said is None or total is None or total <= asked + said:
        return said, thought
    beside = total - asked - said
    if beside == thought or (thought is None and "gemini" in model):
        return said + beside, beside
    return said, thought


def charged(counts: dict[str, Json]) -> float | None:
    """What a reply says it cost, in USD: OpenRouter (with an own key, also what its provider takes),
    Perplexity, xAI (in ticks of 1e-10 USD).
    """
    cost = counts.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    elif counts.get("is_byok") is True:
        upstream = _amount(at(counts, "cost_details", "upstream_inference_cost"))
        return None if upstream is None else upstream + (_amount(cost) or 0.0)
    ticks = number(counts.get("cost_in_usd_ticks"))
    return _amount(cost) if ticks is None else ticks / 10**10


def _amount(value: Json) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**6
    return float(value) if known and isinstance(value, int | float) else None


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """The last chunk that counts: where several do, each counts all so far."""
    return next((found for payload in reversed(stream) if (found := usage(payload.json))), None)
