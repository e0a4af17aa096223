"""From the flat list of items to contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Role
from tokentape.protocols.canonical.turns import own_turn, side_of
from tokentape.protocols.gemini.content import ROLES
from tokentape.protocols.gemini.names import NAME, Again

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.protocols.gemini.write_content import PartWriter
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(slots=True)
class Group:
    """Items of one content. `turn` is the content they came from."""

    side: str
    items: list[Item] = field(default_factory=list)
    turn: Turn | None = None
    parts: list[Json] = field(default_factory=list)

    def written(self, writer: PartWriter) -> Json:
        """The content; None for nothing."""
        self.parts = [part for item in self.items for part in writer.parts(item)]
        turn = self.turn
        if turn is None:
            if not self.parts:
                return None
            return (
                {"parts": self.parts} if self.side == "system" else {"role": self.side, "parts": self.parts}
            )
        form = turn.spelling.get("=form")
        if form is not None and len(self.parts) == 1:
            only = self.parts[0]
            if form == "part":
                return only
            if isinstance(only, dict) and only.keys() == {"text"}:
                return only["text"]
        return self._again(turn)

    def _again(self, turn: Turn) -> Json:
        content: Fields = {"role": self.side, "parts": self.parts}
        if self.side == "system":
            del content["role"]
        spelling = turn.spelling
        if "=role" in spelling:
            role = spelling["=role"]
            if role is None:
                content.pop("role", None)
            elif self.side == "system" or _side(role) == self.side:
                content["role"] = role
        if spelling.get("=parts") == "absent" and not self.parts:
            del content["parts"]
        elif spelling.get("=parts") == "one" and len(self.parts) == 1:
            content["parts"] = self.parts[0]
        return Again(turn).object(content)


def _side(role: Json) -> str:
    return "model" if ROLES.get(str(role)) is Role.ASSISTANT else "user"


_SIDES = {"assistant": "model"}


def grouped(items: list[Item]) -> list[Group]:
    """Items that came in one content stay in one; others join those of their side before them, so that
    parallel calls are one content, and their results another (cases 6, 7).
    """
    groups: list[Group] = []
    for item in items:
        turn, current = own_turn(item, NAME), groups[-1] if groups else None
        side = side_of(item)
        mine = _SIDES.get(side or "", "user") if side is not None or current is None else current.side
        if turn is not None:
            if current is not None and current.turn is turn:
                current.items.append(item)
                continue
            mine = _side_of_turn(turn, mine)
        elif current is not None and current.side == mine:
            current.items.append(item)
            continue
        groups.append(Group(mine, [item], turn))
    return groups


def _side_of_turn(turn: Turn, mine: str) -> str:
    return _side(turn.spelling["=role"]) if isinstance(turn.spelling.get("=role"), str) else mine
