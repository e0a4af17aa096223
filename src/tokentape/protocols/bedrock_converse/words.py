"""What a Converse reply says, and its token counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Usage
from tokentape.protocols.reading import at, called, fields, number, objects, spaced, text, total

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def reads_as(reply: Json) -> str:
    """The content blocks in order."""
    return spaced(block_words(block) for block in objects(at(reply, "output", "message", "content")))


def block_words(block: dict[str, Json]) -> str:
    """One block: text, or a call of a tool."""
    use = fields(block.get("toolUse"))
    return called(use.get("name"), use.get("input")) if use else text(block.get("text"))


def usage(reply: Json) -> Usage | None:
    """Bedrock's `inputTokens` leaves out what was read from, or written to, a cache; ours does not."""
    counts = fields(at(reply, "usage"))
    if not counts:
        return None
    read = number(counts.get("cacheReadInputTokens"))
    written = number(counts.get("cacheWriteInputTokens"))
    return Usage.known(
        total(number(counts.get("inputTokens")), read, written), number(counts.get("outputTokens")), read
    )
