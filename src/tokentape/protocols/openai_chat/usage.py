"""Token counts of Chat replies, over the ways in which servers count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, text
from tokentape.protocols.usage import Usage, beside, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """The `usage` object, which Groq's streams hold in `x_groq`. `prompt_tokens` count the cached ones."""
    counts = _counts(reply)
    asked = fields(counts.get("prompt_tokens_details"))
    said = fields(counts.get("completion_tokens_details"))
    read, written = _first(counts, _READ), _first(counts, _WRITTEN)
    output, reasoning = _generated(counts, text(at(reply, "model")))
    return Usage(
        input=_prompt(counts, read, written),
        output=output,
        cache_read=read,
        reasoning=reasoning,
        cache_write=written,
        cache_write_1h=_first(counts, _KEPT_LONG),
        audio_input=number(asked.get("audio_tokens")),
        audio_output=number(said.get("audio_tokens")),
        image_input=number(asked.get("image_tokens")),
        image_output=number(said.get("image_tokens")),
        video_input=number(asked.get("video_tokens")),
        searches=number(counts.get("num_search_queries")),
        raw=counts,
        **beside(reply),
    ).known()


def _counts(reply: Json) -> dict[str, Json]:
    return fields(at(reply, "usage") or at(reply, "x_groq", "usage"))


_READ = (
    ("prompt_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),
    ("cached_tokens",),
    ("cache_read_input_tokens",),
)
"""OpenAI's place, DeepSeek's, that of Moonshot and Together, and Anthropic's behind a gateway."""

_WRITTEN = (
    ("prompt_tokens_details", "cache_write_tokens"),
    ("prompt_tokens_details", "cache_creation_tokens"),
    ("cache_creation_input_tokens",),
)
"""OpenAI's and OpenRouter's place, and two of gateways."""

_KEPT_LONG = (
    ("prompt_tokens_details", "cache_write_tokens_details", "ttl_12h_tokens"),
    ("prompt_tokens_details", "cache_creation_token_details", "ephemeral_1h_input_tokens"),
    ("cache_creation", "ephemeral_1h_input_tokens"),
)


def _first(counts: dict[str, Json], places: tuple[tuple[str, ...], ...]) -> int | None:
    for place in places:
        if place[0] in counts and (found := number(at(counts, *place))) is not None:
            return found
    return None


def _prompt(counts: dict[str, Json], read: int | None, written: int | None) -> int | None:
    """The whole prompt. A few gateways leave the cache out of it, as Anthropic does; the total tells."""
    asked, said = number(counts.get("prompt_tokens")), number(counts.get("completion_tokens"))
    cached, total = (read or 0) + (written or 0), number(counts.get("total_tokens"))
    if asked is None or said is None or not cached or total != asked + said + cached:
        return asked
    return asked + cached


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


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """What the chunks count, field by field: where several do, each counts all so far."""
    counting = [payload.fields for payload in stream if b'usage"' in payload.data and _counts(payload.fields)]
    return usage({**counting[-1], "usage": gathered(map(_counts, counting))}) if counting else None
