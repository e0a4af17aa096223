"""Names of fields: protobuf JSON takes each of them in camelCase and in snake_case.

What is read is camelCase from here on; how it was written, and what nobody has told us about, is kept
level by level: the field `mimeType` inside `inlineData` as "inlineData.mimeType".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Path, Turn
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "gemini"

_HUMP = re.compile(r"(?<!^)([A-Z])")


@dataclass(frozen=True, slots=True)
class Known:
    """The fields of an object that the canonical form tells, and their other spelling."""

    names: frozenset[str]
    snakes: Mapping[str, str]


def snake(name: str) -> str:
    """A field's name in snake_case."""
    return _HUMP.sub(r"_\1", name).lower()


def known(*names: str) -> Known:
    """The fields `names`, given in camelCase."""
    snakes = {snake(name): name for name in names}
    return Known(frozenset(names), {snake: name for snake, name in snakes.items() if snake != name})


class Found:
    """What reading a node leaves over: `rest` and `spelling` of its origin."""

    __slots__ = ("rest", "spelling")

    def __init__(self) -> None:
        self.rest: Fields = {}
        self.spelling: Fields = {}

    def object(self, value: Fields, of: Known, prefix: str = "") -> Fields:
        """The known fields of `value` that say something, in camelCase; null says nothing."""
        if value.keys() <= of.names and None not in value.values():
            return value
        told: Fields = {}
        for name, entry in value.items():
            to = of.snakes.get(name, name)
            if to != name:
                if to in value:
                    to = name
                else:
                    self.spelling[prefix + to] = name
            if to not in of.names or entry is None:
                self.rest[prefix + to] = entry
            else:
                told[to] = entry
        return told

    def origin(self, path: Path, turn: Turn | None = None) -> Origin:
        """The origin of the node."""
        return Origin(NAME, path, self.rest or NOTHING, self.spelling or NOTHING, turn)

    def part_origin(self, path: Path, turn: Turn | None = None) -> Origin | None:
        """The same, where there is something to say."""
        return self.origin(path, turn) if self.rest or self.spelling else None


class Again:
    """Writes objects with what reading them left over."""

    __slots__ = ("rest", "spelling")

    def __init__(self, origin: Origin | Turn | None) -> None:
        own = origin is not None and (not isinstance(origin, Origin) or origin.protocol == NAME)
        self.rest: Mapping[str, Json] = origin.rest if own and origin is not None else NOTHING
        self.spelling: Mapping[str, Json] = origin.spelling if own and origin is not None else NOTHING

    def object(self, fields: Fields, prefix: str = "") -> Fields:
        """`fields`, with the rest of this level, spelled as they were."""
        if not self.rest and not self.spelling:
            return fields
        whole: Fields = {}
        for name, value in self.rest.items():
            if prefix:
                if name.startswith(prefix):
                    whole[name[len(prefix) :]] = value
            elif name.partition(".")[0] not in _OPENED or "." not in name:
                whole[name] = value
        whole.update(fields)
        spelling = self.spelling
        return {
            spelled if isinstance(spelled := spelling.get(prefix + name), str) else name: value
            for name, value in whole.items()
        }


_OPENED = frozenset(
    {
        "functionCall", "functionResponse", "inlineData", "fileData", "generationConfig", "toolConfig",
    }
)  # fmt: skip
"""Fields whose objects are read into the node around them."""
