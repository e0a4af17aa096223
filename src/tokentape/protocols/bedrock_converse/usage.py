"""Token counts of Converse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, objects, total
from tokentape.protocols.usage import Usage, beside, plus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """Bedrock's `inputTokens` leaves out what was read from, or written to, a cache; ours does not."""
    counts = fields(at(reply, "usage"))
    read = number(counts.get("cacheReadInputTokens"))
    details = list(objects(counts.get("cacheDetails")))
    written = number(counts.get("cacheWriteInputTokens"))
    written = total(*(number(entry.get("inputTokens")) for entry in details)) if written is None else written
    kept = [entry for entry in details if entry.get("ttl") == "1h"]
    return Usage(
        input=plus(number(counts.get("inputTokens")), read, written),
        output=number(counts.get("outputTokens")),
        cache_read=read,
        cache_write=written,
        cache_write_1h=total(*(number(entry.get("inputTokens")) for entry in kept)),
        raw=counts,
        **beside(reply),
    ).known()


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """From `metadata`."""
    return next((usage(payload.json) for payload in reversed(stream) if payload.name == "metadata"), None)
