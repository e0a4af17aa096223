"""Token counts, written as Chat's `usage`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_chat.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ASKED = (
    ("cached_tokens", "cache_read"),
    ("cache_write_tokens", "cache_write"),
    ("audio_tokens", "audio_input"),
    ("image_tokens", "image_input"),
    ("video_tokens", "video_input"),
)
_SAID = (
    ("reasoning_tokens", "reasoning"),
    ("audio_tokens", "audio_output"),
    ("image_tokens", "image_output"),
)


def write_usage(counts: Usage, model: str | None, *, own: bool) -> Fields:
    """The `usage` object: the one that was read, while it still says the same."""
    if own and counts.raw and usage({"usage": dict(counts.raw), "model": model}) == counts:
        return dict(counts.raw)
    written: Fields = {}
    if counts.input is not None:
        written["prompt_tokens"] = counts.input
    if counts.output is not None:
        written["completion_tokens"] = counts.output
    if counts.input is not None and counts.output is not None:
        written["total_tokens"] = counts.input + counts.output
    for name, places in (("prompt_tokens_details", _ASKED), ("completion_tokens_details", _SAID)):
        known: Fields = {
            field: value for field, count in places if (value := getattr(counts, count)) is not None
        }
        if known:
            written[name] = known
    return written
