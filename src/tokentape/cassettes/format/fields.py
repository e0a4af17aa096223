"""Typed reading of the file's JSON: each complaint names the file, the line, the interaction, the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeGuard

from tokentape.errors import CassetteCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

FIX = "mend it, or restore the file from version control"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interaction stands. `line` is asked for only when there is something to say."""

    path: str = ""
    line: Callable[[], int] | None = None
    id: str = ""

    def __str__(self) -> str:
        line = f"line {self.line()}, " if self.line else ""
        return f"{line}interaction {self.id}" if self.id else line.rstrip(", ")

    def corrupt(self, problem: str, fix: str = FIX) -> NoReturn:
        """Raise CassetteCorrupt for this place."""
        raise CassetteCorrupt(self.path, problem, place=str(self), fix=fix)


class Fields:
    """One object of the file. `where` is its dotted path inside the interaction ("response.")."""

    __slots__ = ("_data", "_place", "_where")

    def __init__(self, data: dict[str, Json], place: Place, where: str = "") -> None:
        self._data, self._place, self._where = data, place, where

    def wrong(self, name: str, expected: str) -> NoReturn:
        """Raise CassetteCorrupt: the field is missing or something else than `expected`."""
        found = f"is {_kind(self._data[name])}" if name in self._data else "is missing"
        self._place.corrupt(f"field {self._where}{name} {found}, not {expected}")

    def bad(self, name: str, problem: object) -> NoReturn:
        """Raise CassetteCorrupt: the field has the right type but makes no sense."""
        self._place.corrupt(f"field {self._where}{name}: {problem}")

    def get(self, name: str) -> Json:
        """Whatever stands there; None if nothing does."""
        return self._data.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; `default` where the field is absent, if there is a default."""
        value = self._data.get(name, default)
        return value if isinstance(value, str) else self.wrong(name, "a text")

    def text_or_null(self, name: str) -> str | None:
        """A text, or None for null and absent."""
        value = self._data.get(name)
        return value if value is None or isinstance(value, str) else self.wrong(name, "a text or null")

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self._data.get(name)
        return value if type(value) is int else self.wrong(name, "a whole number")

    def whole_or_null(self, name: str) -> int | None:
        """A whole number, or None for null and absent."""
        return None if self._data.get(name) is None else self.whole(name)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Whole numbers, none below zero; () where the field is absent."""
        value = self._data.get(name, [])
        if not isinstance(value, list):
            self.wrong(name, "a list of whole numbers")
        numbers = tuple(item for item in value if type(item) is int and item >= 0)
        return numbers if len(numbers) == len(value) else self.wrong(name, "a list of whole numbers")

    def flag_or_null(self, name: str) -> bool | None:
        """true, false, or None for null and absent."""
        value = self._data.get(name)
        return value if value is None or isinstance(value, bool) else self.wrong(name, "true, false or null")

    def headers(self, name: str) -> Headers:
        """Header fields as [name, value] pairs; () where the field is absent."""
        value = self._data.get(name, [])
        if not isinstance(value, list):
            self.wrong(name, 'a list of ["name", "value"]')
        pairs = tuple([(item[0], item[1]) for item in value if _is_pair(item)])
        return pairs if len(pairs) == len(value) else self.wrong(name, 'a list of ["name", "value"]')

    def object(self, name: str) -> Fields:
        """An object; an empty one where the field is absent."""
        return Fields(self.mapping(name), self._place, f"{self._where}{name}.")

    def mapping(self, name: str) -> dict[str, Json]:
        """An object as it stands; {} where the field is absent."""
        value = self._data.get(name, {})
        return value if isinstance(value, dict) else self.wrong(name, "an object")

    def rest(self, *known: str) -> dict[str, Json]:
        """The fields that are not `known`: a later version wrote them, they are kept."""
        if self._data.keys() <= set(known):
            return {}
        return {name: value for name, value in self._data.items() if name not in known}


def _is_pair(item: Json) -> TypeGuard[list[str]]:
    return isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str)


def _kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
