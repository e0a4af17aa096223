"""What a Messages request asks and what a reply says, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import (
    USER,
    at,
    called,
    fields,
    last_turn,
    objects,
    spaced,
    text,
)

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def asks(body: Json) -> str:
    """The text of the last user message that has any (tool results have none)."""
    return last_turn(fields(body).get("messages"), USER)


def reads_as(reply: Json) -> str:
    """The content blocks in order."""
    return spaced(block_words(block) for block in objects(at(reply, "content")))


def block_words(block: dict[str, Json]) -> str:
    """One content block: text, or a call of a tool (ours or the server's)."""
    if text(block.get("type")) in {"tool_use", "server_tool_use", "mcp_tool_use"}:
        return called(block.get("name"), block.get("input"))
    return text(block.get("text")) if block.get("type") == "text" else ""
