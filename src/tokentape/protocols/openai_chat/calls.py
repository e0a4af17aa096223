"""Tool calls of a chat stream: parts that come by index, in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import grown
from tokentape.protocols.reading import fields, number, objects

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class Calls:
    """The calls of one message. Servers that number all calls alike (or not at all) tell them by id."""

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._calls: list[Fields] = []
        self._indices: list[int] = []

    def add(self, parts: Json) -> list[Json]:
        """The calls so far, by index, with these parts of theirs."""
        for order, part in enumerate(objects(parts)):
            given = number(part.get("index"))
            self._add(order if given is None else given, part)
        ordered = sorted(range(len(self._calls)), key=lambda at: (self._indices[at], at))
        return [self._calls[at] for at in ordered]

    def _add(self, index: int, part: Fields) -> None:
        at = self._open.get(index)
        if at is None or self._is_another(self._calls[at], part):
            at = self._open[index] = len(self._calls)
            self._calls.append({})
            self._indices.append(index)
        call = self._calls[at]
        for name, value in part.items():
            if name != "index":
                call[name] = grown(call.get(name), value, name)

    @staticmethod
    def _is_another(call: Fields, part: Fields) -> bool:
        known, told = call.get("id"), part.get("id")
        named = fields(part.get("function")).get("name")
        return bool(known and told and known != told and named)
