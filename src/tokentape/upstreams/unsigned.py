"""Thoughts without a signature in a Messages request: another model thought them, through a gateway.

Anthropic's API refuses what it did not sign, so they stay behind. It also refuses a request with thinking on
in which the turn that called tools does not begin with a thought: thinking is then off until that loop is
over (platform.claude.com, "Extended thinking", on tool use).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

UNSIGNED = re.compile(rb'"signature"\s*:\s*(?:""|null)')
"""Found in the bytes of a request that may hold one."""

_THOUGHTS = ("thinking", "redacted_thinking")


def without_unsigned(fields: Fields) -> Fields:
    """The request as the API takes it."""
    turns = fields.get("messages")
    if not isinstance(turns, list):
        return fields
    kept = [_signed(turn) for turn in turns]
    found: Fields = {**fields, "messages": kept}
    if "thinking" in found and _goes_on_without_thought(kept):
        del found["thinking"]
    return found


def _signed(turn: Json) -> Json:
    content = turn.get("content") if isinstance(turn, dict) else None
    if not isinstance(turn, dict) or not isinstance(content, list):
        return turn
    kept = [block for block in content if not _is_unsigned(block)]
    return turn if len(kept) == len(content) or not kept else {**turn, "content": kept}


def _is_unsigned(block: Json) -> bool:
    return _type_of(block) == "thinking" and isinstance(block, dict) and not block.get("signature")


def _goes_on_without_thought(turns: list[Json]) -> bool:
    """True in a tool loop whose calls were made without a thought that may be sent."""
    if len(turns) < 2 or _first(turns[-1]) != "tool_result":
        return False
    return _first(turns[-2]) not in _THOUGHTS


def _first(turn: Json) -> Json:
    content = turn.get("content") if isinstance(turn, dict) else None
    return _type_of(content[0]) if isinstance(content, list) and content else None


def _type_of(block: Json) -> Json:
    return block.get("type") if isinstance(block, dict) else None
