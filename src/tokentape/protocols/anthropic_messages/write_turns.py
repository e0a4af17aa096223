"""Canonical items as `system` and `messages`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.write_content import Blocks, plain
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.canonical.turns import paired, side_of
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SYSTEM = frozenset({Role.SYSTEM, Role.DEVELOPER})
_SIDES = {
    Role.USER: "user",
    Role.ASSISTANT: "assistant",
    Role.SYSTEM: "system",
    Role.DEVELOPER: "system",
}
_SYSTEM_TURNS = re.compile(r"claude-opus-(4-([89]|\d\d)|[5-9]|\d\d)(?!\d)")
"""Models that take system text between turns, by Anthropic's own API only, which names them like that
("Mid-conversation system messages": Opus 4.8 and later; not on Bedrock or Vertex, whose names differ)."""


def ordered(items: Sequence[Item], losses: Losses) -> Sequence[Item]:
    """The items of another dialect as Anthropic wants them: every call with an id, results right behind
    their calls, no result without one (cases 4, 5, 8).
    """
    if _are_ordered(items):
        return items
    if any(not _id_of(item) for item in items if isinstance(item, ToolCall | ToolResult)):
        items = identified(items)
    return paired(items, losses)


def _id_of(item: ToolCall | ToolResult) -> str:
    return item.id if isinstance(item, ToolCall) else item.call_id


def _are_ordered(items: Sequence[Item]) -> bool:
    """True if it is like that already, which costs one look at each item."""
    waiting: list[str] = []
    answered = 0
    for item in items:
        kind = type(item)
        if kind is ToolResult:
            if answered == len(waiting) or waiting[answered] != item.call_id:  # type: ignore[union-attr]
                return False
            answered += 1
            continue
        if answered or (kind is Message and item.role is not Role.ASSISTANT):  # type: ignore[union-attr]
            waiting, answered = [], 0
        if kind is ToolCall:
            if not item.id:  # type: ignore[union-attr]
                return False
            waiting.append(item.id)  # type: ignore[union-attr]
    return True


def split(items: Sequence[Item], target: Target, model: str | None) -> tuple[list[Message], list[Item]]:
    """What stands in `system`, and what in `messages`.

    System text that leads is the head. Later system text stays where a model takes it there, and else
    joins the head (case 23); what stood between turns here goes back there.
    """
    head: list[Message] = []
    body: list[Item] = []
    for nth, item in enumerate(items):
        if type(item) is not Message or item.role not in _SYSTEM or _own_turn(item) is not None:
            body.append(item)
        elif not body:
            head.append(item)
        elif _may_stay(items, nth, target, model):
            body.append(item)
        else:
            head.append(item)
            target.losses.tuning(item.origin, f"{item.role} text", "it moves before the conversation")
    return head, body


def _may_stay(items: Sequence[Item], nth: int, target: Target, model: str | None) -> bool:
    """True behind a turn of the user's, before one of the model's or at the end."""
    if target.quirks.system_at_head or not _SYSTEM_TURNS.match(model or ""):
        return False
    if not all(isinstance(part, Text) for part in items[nth].parts):  # type: ignore[union-attr]
        return False
    after = side_of(items[nth + 1]) if nth + 1 < len(items) else "assistant"
    return side_of(items[nth - 1]) in ("user", "tool") and after == "assistant"


def written_system(head: list[Message], blocks: Blocks) -> Json:
    """`system`: a string where it is one text, else text blocks. None where there is nothing."""
    written: list[Json] = []
    for message in head:
        blocks.unnamed(message)
        own = message.origin is not None and message.origin.protocol == NAME
        for part in message.parts:
            if own or isinstance(part, Text):
                written += blocks.parts((part,), message.origin)
            else:
                what = type(part).__name__.lower()
                blocks.target.losses.meaning(part.origin or message.origin, what, "system text is text only")
    if not written:
        return None
    as_blocks = len(head) == 1 and head[0].origin is not None and head[0].origin.protocol == NAME
    if as_blocks and head[0].origin is not None and not head[0].origin.spelling:
        return written
    text = plain(written)
    return written if text is None else text


def written_messages(items: Sequence[Item], blocks: Blocks) -> list[Json]:
    """`messages`: items of one side are one message, unless they came from different ones here."""
    messages: list[Json] = []
    side, turn = "", None
    content: list[Json] = []
    was_empty = True
    for item in items:
        origin = item.origin
        own = origin.turn if origin is not None and origin.protocol == NAME else None
        said_by = _SIDES[item.role] if type(item) is Message else _side(item, own)
        if said_by != side or own is not turn:
            if side:
                _finish(messages, side, turn, content, was_empty)
            side, turn, content, was_empty = said_by, own, [], True
        content += blocks.of(item)
        was_empty = was_empty and type(item) is Message and not item.parts
    if side:
        _finish(messages, side, turn, content, was_empty)
    return messages


def _finish(messages: list[Json], side: str, turn: Turn | None, content: list[Json], was_empty: bool) -> None:
    """A message, unless nothing of it could be written: an empty one is refused (case 25)."""
    if turn is None or not (content or was_empty):
        if content:
            text = plain(content)
            messages.append({"role": side, "content": content if text is None else text})
        return
    text = plain(content) if turn.spelling.get("content") == "text" else None
    written: Fields = {"role": side, "content": content if text is None else text}
    messages.append({**turn.rest, **written} if turn.rest else written)


def _own_turn(item: Item) -> Turn | None:
    origin = item.origin
    return origin.turn if origin is not None and origin.protocol == NAME else None


def _side(item: Item, turn: Turn | None) -> str:
    """Who says what is no message: the role it stood in here, or the one it belongs to."""
    if turn is not None:
        return str(turn.spelling.get("role"))
    return "user" if isinstance(item, ToolResult | Unknown) else "assistant"
