"""What a Converse reply says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, called, fields, objects, spaced, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def reads_as(reply: Json) -> str:
    """The content blocks in order."""
    return spaced(block_words(block) for block in objects(at(reply, "output", "message", "content")))


def block_words(block: dict[str, Json]) -> str:
    """One block: text, or a call of a tool."""
    use = fields(block.get("toolUse"))
    return called(use.get("name"), use.get("input")) if use else text(block.get("text"))
