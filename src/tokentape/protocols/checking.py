"""Reading JSON that has to be of a certain type: the wrong one is a `ProtocolError` that says where."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NoReturn

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.origin import dotted

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Path
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_NAMES = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list"}


def named(value: Json) -> str:
    """What a JSON value is, in words."""
    return "nothing" if value is None else _NAMES.get(type(value), "an object")


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a body of `dialect`, for messages. All methods take the steps on from it.

    The value comes first and is returned as what it is, so that the happy path costs one `isinstance`.
    """

    dialect: str
    path: Path = ()

    def at(self, *steps: str | int) -> Where:
        """A place further in."""
        return Where(self.dialect, self.path + steps)

    def wrong(self, problem: str, *steps: str | int) -> NoReturn:
        """Raise: this cannot be read."""
        raise ProtocolError(self.dialect, dotted(self.path + steps), problem)

    def fields(self, value: Json, *steps: str | int) -> Fields:
        """An object."""
        if isinstance(value, dict):
            return value
        self.wrong(f"expected an object, found {named(value)}", *steps)
        return None

    def entries(self, value: Json, *steps: str | int) -> list[Json]:
        """A list."""
        if isinstance(value, list):
            return value
        self.wrong(f"expected a list, found {named(value)}", *steps)
        return None

    def text(self, value: Json, *steps: str | int) -> str:
        """A string."""
        if isinstance(value, str):
            return value
        self.wrong(f"expected text, found {named(value)}", *steps)
        return None

    def text_or_none(self, value: Json, *steps: str | int) -> str | None:
        """A string, or null, or nothing."""
        return None if value is None else self.text(value, *steps)

    def flag_or_none(self, value: Json, *steps: str | int) -> bool | None:
        """True, false, or nothing."""
        if value is None or isinstance(value, bool):
            return value
        self.wrong(f"expected true or false, found {named(value)}", *steps)
        return None

    def integer_or_none(self, value: Json, *steps: str | int) -> int | None:
        """A whole number, or nothing; 5.0 is one."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        self.wrong(f"expected a whole number, found {named(value)}", *steps)
        return None

    def number_or_none(self, value: Json, *steps: str | int) -> float | None:
        """A finite number, or nothing."""
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf:
            return value
        self.wrong(f"expected a number, found {named(value)}", *steps)
        return None

    def texts_or_none(self, value: Json, *steps: str | int) -> tuple[str, ...] | None:
        """A list of strings, or one string, or nothing."""
        if value is None:
            return None
        if isinstance(value, str):
            return (value,)
        return tuple(self.text(entry, *steps, n) for n, entry in enumerate(self.entries(value, *steps)))
