"""What an import could not keep, counted by reason: nothing is left out or lost in silence."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

_SHOWN = 20
"""Broken places that are told one by one; the rest is a number."""
_REASONS = 200
"""Reasons that are kept apart. Sources can hold any number of odd names, and memory is bounded."""
_OTHERS = "for other reasons"


class LeftOut(Exception):
    """This call cannot become a recording; the text says why, as a clause: "it holds no reply"."""


class Place(NamedTuple):
    """A spot in a source that cannot be read."""

    line: int
    problem: str


class Notes:
    """Filled while a source is read; complete at its end."""

    def __init__(self) -> None:
        self.broken: list[Place] = []
        self.broken_count = 0
        self._passed_over = 0
        self._left: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._said: dict[str, None] = {}

    def leave(self, reason: str) -> None:
        """A call was left out."""
        _count(self._left, reason)

    def pass_over(self) -> None:
        """A record is no call of a model, or nothing that this format knows."""
        self._passed_over += 1

    def lose(self, what: str) -> None:
        """Something of a call was lost: "the parameter foo", "a part of type bar"."""
        _count(self._lost, what)

    def say(self, text: str) -> None:
        """Something that is true of the whole source; once, however often it is said."""
        self._said[text] = None

    def break_at(self, line: int, problem: str) -> None:
        """What stands there cannot be read; what follows is read all the same."""
        self.broken_count += 1
        if len(self.broken) < _SHOWN:
            self.broken.append(Place(line, problem))

    @property
    def left_out(self) -> int:
        """How many calls were left out."""
        return self._left.total()

    def lines(self) -> list[str]:
        """One line for each reason, the most frequent first."""
        left = [f"left out: {_times(number)}: {reason}" for reason, number in self._left.most_common()]
        lost = [f"not kept: {what} ({_times(number)})" for what, number in self._lost.most_common()]
        over = f"passed over: {_times(self._passed_over)}: it is no call of a model"
        return [*self._said, *([over] if self._passed_over else []), *left, *lost]


def _count(counter: Counter[str], reason: str) -> None:
    reason = " ".join(reason.split())[:200]
    counter[reason if reason in counter or len(counter) < _REASONS else _OTHERS] += 1


def _times(number: int) -> str:
    return f"{number} time" if number == 1 else f"{number} times"
