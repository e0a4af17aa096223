"""Usage as Converse counts it: each token in one bucket (case 35)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.usage import usage as read_usage
from tokentape.protocols.usage import COUNTS

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WRITTEN = frozenset({"input", "output", "cache_read", "cache_write", "cache_write_1h"})


def write_usage(usage: Usage, losses: Losses, *, own: bool) -> Fields:
    """`usage`: as it came while it says the same, else by our counts; `inputTokens` leaves the cache out."""
    if own and usage.raw and read_usage({"usage": dict(usage.raw)}) == usage:
        return dict(usage.raw)
    told: Fields = {}
    read, written = usage.cache_read or 0, usage.cache_write or 0
    if usage.input is not None:
        told["inputTokens"] = max(0, usage.input - read - written)
    if usage.output is not None:
        told["outputTokens"] = usage.output
    if usage.input is not None and usage.output is not None:
        told["totalTokens"] = usage.input + usage.output
    if usage.cache_read is not None:
        told["cacheReadInputTokens"] = read
    if usage.cache_write is not None:
        told["cacheWriteInputTokens"] = written
    if usage.cache_write_1h is not None:
        kept = usage.cache_write_1h
        parts = (("1h", kept), ("5m", max(0, written - kept)))
        told["cacheDetails"] = [{"ttl": ttl, "inputTokens": count} for ttl, count in parts if count]
    for name in COUNTS:
        if name not in _WRITTEN and getattr(usage, name):
            losses.tuning(("usage", name), f"count of {name.replace('_', ' ')}", "it is not counted apart")
    return told
