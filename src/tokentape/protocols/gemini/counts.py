"""Token counts as `usageMetadata`: candidates without thoughts, each token once (case 35)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.gemini.usage import usage as read_usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def usage_metadata(usage: Usage, own: bool, losses: Losses) -> Fields:
    """The counts: as they were, if they still say the same."""
    if own and usage.raw and read_usage({"usageMetadata": dict(usage.raw)}) == usage:
        return dict(usage.raw)
    written: Fields = {}
    if usage.input is not None:
        written["promptTokenCount"] = usage.input
    if usage.output is not None:
        written["candidatesTokenCount"] = max(0, usage.output - (usage.reasoning or 0))
    if usage.reasoning is not None:
        written["thoughtsTokenCount"] = usage.reasoning
    if usage.cache_read is not None:
        written["cachedContentTokenCount"] = usage.cache_read
    if usage.input is not None or usage.output is not None:
        written["totalTokenCount"] = (usage.input or 0) + (usage.output or 0)
    _details(written, "promptTokensDetails", usage.audio_input, usage.image_input, usage.video_input)
    _details(written, "cacheTokensDetails", usage.audio_cached, usage.image_cached, None)
    _details(written, "candidatesTokensDetails", usage.audio_output, usage.image_output, None)
    if usage.cache_write:
        losses.tuning(("usage",), "cache writes", "the dialect does not count them apart")
    return written


def _details(written: Fields, name: str, audio: int | None, image: int | None, video: int | None) -> None:
    counts = {"AUDIO": audio, "IMAGE": image, "VIDEO": video}
    told: list[Json] = [
        {"modality": modality, "tokenCount": count} for modality, count in counts.items() if count is not None
    ]
    if told:
        written[name] = told
