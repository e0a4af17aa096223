"""From the flat list of items to native messages, and the order tool results have to be in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn

_AS_IT_IS: Mapping[str, str] = {}


@dataclass(slots=True)
class Group:
    """Items of one native message. `turn` is the message they came from, if it was of this dialect."""

    side: str
    items: list[Item] = field(default_factory=list)
    turn: Turn | None = None


def side_of(item: Item) -> str | None:
    """Who says it: "system", "developer", "user", "assistant", "tool"; None for what is not known."""
    if isinstance(item, Message):
        return item.role.value
    if isinstance(item, ToolResult):
        return "tool"
    return None if isinstance(item, Unknown) else "assistant"


def own_turn(item: Item, protocol: str) -> Turn | None:
    """The native message of `protocol` that the item came from."""
    origin = item.origin
    return origin.turn if origin is not None and origin.protocol == protocol else None


def grouped(
    items: Iterable[Item],
    protocol: str,
    *,
    sides: Mapping[str, str] = _AS_IT_IS,
    merge: bool = False,
) -> list[Group]:
    """The messages that `items` become. `sides` renames sides ({"tool": "user"}).

    Items of one side follow each other into one message, except where they came from different ones; with
    `merge` only messages of this very dialect stay apart.
    """
    groups: list[Group] = []
    last: Turn | None = None
    for item in items:
        side = side_of(item)
        side = groups[-1].side if side is None and groups else sides.get(side or "user", side or "user")
        turn, own = item.origin.turn if item.origin else None, own_turn(item, protocol)
        current = groups[-1] if groups else None
        apart = own is not current.turn if merge and current else turn is not last
        if current is None or current.side != side or (apart and not (merge and own is None)):
            current = Group(side, turn=own)
            groups.append(current)
        current.items.append(item)
        last = turn
    return groups


def paired(items: Iterable[Item], losses: Losses) -> list[Item]:
    """The items with the results of tools right behind their calls, in the order of the calls (cases 5, 8).

    A result without a call is left out, which changes the meaning.
    """
    given = list(items)
    results: dict[str, list[ToolResult]] = {}
    for item in given:
        if isinstance(item, ToolResult):
            results.setdefault(item.call_id, []).append(item)
    ordered: list[Item] = []
    waiting: list[str] = []
    for item in given:
        if isinstance(item, ToolResult) or side_of(item) not in ("assistant", None):
            ordered += _answers(waiting, results)
        if not isinstance(item, ToolResult):
            ordered.append(item)
        if isinstance(item, ToolCall):
            waiting.append(item.id)
    ordered += _answers(waiting, results)
    for left in results.values():
        for orphan in left:
            losses.meaning(orphan.origin, "tool result", f"no call has the id {orphan.call_id!r}")
    return ordered


def _answers(waiting: list[str], results: dict[str, list[ToolResult]]) -> list[ToolResult]:
    """The results of the calls that wait, which then wait no longer."""
    found = [results[call].pop(0) for call in waiting if results.get(call)]
    waiting.clear()
    return found
