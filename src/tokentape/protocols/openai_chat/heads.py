"""System text of other dialects, and of servers that take it in one place only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.openai_chat.content_write import is_plain, note_text

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Target

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def _is_system(item: Item) -> bool:
    return isinstance(item, Message) and item.role in _SYSTEM


def leading(items: list[Item], target: Target) -> list[Item]:
    """The items with the system text before the conversation as one message (case 24)."""
    count = next((n for n, item in enumerate(items) if not _is_system(item)), len(items))
    if count == 0:
        return items
    head = [item for item in items[:count] if isinstance(item, Message)]
    return [_joined(head, target), *items[count:]]


def _joined(head: list[Message], target: Target) -> Message:
    parts = tuple(part for message in head for part in message.parts)
    for message in head[1:]:
        if message.name is not None and message.name != head[0].name:
            target.losses.tuning(message.origin, "name", "system text is one message here, with one name")
    if all(is_plain(part, target) for part in parts):
        for message in head:
            for part in message.parts:
                note_text(part, target, message.origin)
        said = "\n\n".join(part.text for part in parts if isinstance(part, Text) and part.text)
        return Message(head[0].role, (Text(said),), name=head[0].name, origin=head[0].origin)
    return Message(head[0].role, parts, name=head[0].name, origin=head[0].origin)


def placed(items: list[Item], target: Target) -> list[Item]:
    """All system text before the conversation (case 23)."""
    first = next((n for n, item in enumerate(items) if not _is_system(item)), len(items))
    late = [item for item in items[first:] if _is_system(item)]
    if not late and first <= 1:
        return items
    for item in late:
        why = "the server takes system text only before the conversation"
        target.losses.tuning(item.origin, "place of system text", why)
    head = [item for item in (*items[:first], *late) if isinstance(item, Message)]
    return [_joined(head, target), *(item for item in items[first:] if not _is_system(item))]
