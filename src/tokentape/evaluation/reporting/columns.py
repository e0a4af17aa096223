"""What is kept of every row in memory: columns of numbers, some hundred bytes a row."""

from __future__ import annotations

import math
from array import array
from enum import IntEnum
from typing import TYPE_CHECKING, SupportsFloat

from tokentape.evaluation.scoring.scored import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.evaluation.comparing.comparator import Side, Verdict

QUANTITIES = ("cost", "tokens_in", "tokens_out", "seconds", "first")
"""What is measured of both replies."""
STATUSES = tuple(Status)
UNKNOWN = math.nan


class Mark(IntEnum):
    """What a comparator says of a row."""

    NONE = 0
    """It was not asked, or does not apply."""
    SCORED = 1
    """A score, and nobody says what would be enough."""
    FAILED = 2
    PASSED = 3


class Names:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[str | bytes, int] = {}

    def number(self, name: str | bytes) -> int:
        """The number of the name, the next one where it is new."""
        return self._numbers.setdefault(name, len(self._numbers))

    def known(self, name: str | bytes) -> int | None:
        """The number of the name; None where it is not there."""
        return self._numbers.get(name)

    def all(self) -> list[str]:
        """The names in order of their numbers, as text."""
        return [name if isinstance(name, str) else name.hex() for name in self._numbers]


class Verdicts:
    """The column of one comparator: a score (NaN: none) and a mark for each line."""

    def __init__(self, lines: int = 0) -> None:
        self.scores = array("d", [UNKNOWN]) * lines
        self.marks = bytearray(lines)

    def add(self, verdict: Verdict | None) -> None:
        """One more line."""
        score = UNKNOWN if verdict is None else share(verdict.score)
        self.scores.append(score)
        self.marks.append(_mark(verdict, score))


class Columns:
    """The lines of one target: one for each row and sample. Amounts that nobody knows are NaN."""

    def __init__(self, comparators: Iterable[str] = ()) -> None:
        self.row, self.sample, self.status = array("L"), array("L"), bytearray()
        self.cluster, self.category, self.model = array("L"), array("L"), array("L")
        self.before = {name: array("d") for name in QUANTITIES}
        self.after = {name: array("d") for name in QUANTITIES}
        self.verdicts = {name: Verdicts() for name in comparators}

    def __len__(self) -> int:
        return len(self.row)

    def fill_up(self, comparators: Iterable[str]) -> None:
        """A column for each of the comparators, also for those that said nothing of this target."""
        for name in comparators:
            if name not in self.verdicts:
                self.verdicts[name] = Verdicts(len(self))

    def add_amounts(self, before: Side, after: Side | None) -> None:
        """What both replies took; nothing is known of one that is not there."""
        for columns, side in ((self.before, before), (self.after, after)):
            for name, value in zip(QUANTITIES, amounts(side), strict=True):
                columns[name].append(value)

    def add_verdicts(self, verdicts: Mapping[str, Verdict]) -> None:
        """To be called before the line counts, so that a comparator met for the first time is filled up."""
        self.fill_up(verdicts)
        for name, column in self.verdicts.items():
            column.add(verdicts.get(name))

    @property
    def answered(self) -> list[int]:
        """The lines that have an answer."""
        wanted = STATUSES.index(Status.ANSWERED)
        return [line for line, status in enumerate(self.status) if status == wanted]


def amounts(side: Side | None) -> tuple[float, ...]:
    """The quantities of one reply, in their order; NaN where nobody knows."""
    if side is None:
        return (UNKNOWN,) * len(QUANTITIES)
    usage = side.usage
    tokens = (None, None) if usage is None else (usage.input, usage.output)
    return tuple(map(amount, (side.cost, *tokens, side.seconds, side.first)))


def amount(value: SupportsFloat | None) -> float:
    """A number that can be measured: finite, and not below 0; NaN for anything else."""
    try:
        found = UNKNOWN if value is None else float(value)
    except (OverflowError, TypeError, ValueError):
        return UNKNOWN
    return found if math.isfinite(found) and found >= 0 else UNKNOWN


def share(score: SupportsFloat | None) -> float:
    """A score within 0..1; NaN where there is none."""
    try:
        found = UNKNOWN if score is None else float(score)
    except (OverflowError, TypeError, ValueError):
        return UNKNOWN
    return min(1.0, max(0.0, found)) if math.isfinite(found) else UNKNOWN


def _mark(verdict: Verdict | None, score: float) -> Mark:
    if verdict is None:
        return Mark.NONE
    if verdict.passed is None:
        return Mark.NONE if math.isnan(score) else Mark.SCORED
    return Mark.PASSED if verdict.passed else Mark.FAILED
