"""Pass or fail of the same rows, before and after: the four counts, and how sure their difference is."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.estimate import Estimate
from tokentape.evaluation.statistics.wilson import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Paired:
    """How many rows passed both times, before only (`lost`), after only (`gained`), and neither time."""

    both: int
    lost: int
    gained: int
    neither: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.both + self.lost + self.gained + self.neither

    @property
    def before(self) -> int:
        """Rows that passed before."""
        return self.both + self.lost

    @property
    def after(self) -> int:
        """Rows that passed after."""
        return self.both + self.gained

    @property
    def discordance(self) -> float:
        """The share of rows that changed (0..1); 0 without rows."""
        return (self.lost + self.gained) / self.rows if self.rows else 0.0


def paired(before: Sequence[bool], after: Sequence[bool]) -> Paired:
    """The counts of two runs over the same rows, in the same order. ValueError if their lengths differ."""
    found = Counter(zip(before, after, strict=True))
    return Paired(found[True, True], found[True, False], found[False, True], found[False, False])


def rate_difference(counts: Paired, *, confidence: float = 0.95, design_effect: float = 1.0) -> Estimate:
    """The rate after minus the rate before, with method 10 of R. G. Newcombe (Statistics in Medicine 17,
    1998, 2635-2650): the Wilson intervals of both rates, put together with their correlation.

    It is no single point where no row changed. `design_effect` as in `wilson`. Without rows it is -1..1.
    """
    rows = counts.rows
    if not rows:
        return Estimate(None, -1.0, 1.0, confidence)
    before = wilson(counts.before, rows, confidence=confidence, design_effect=design_effect)
    after = wilson(counts.after, rows, confidence=confidence, design_effect=design_effect)
    was, now = counts.before / rows, counts.after / rows
    together = _correlation(counts)
    down = _apart(now - after.low, before.high - was, together)
    up = _apart(after.high - now, was - before.low, together)
    return Estimate(now - was, max(-1.0, now - was - down), min(1.0, now - was + up), confidence)


def _apart(one: float, other: float, correlation: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))


def _correlation(counts: Paired) -> float:
    """The phi coefficient, with Newcombe's continuity correction of a positive one."""
    rows, before, after = counts.rows, counts.before, counts.after
    spread = before * (rows - before) * after * (rows - after)
    if not spread:
        return 0.0
    excess: float = counts.both * counts.neither - counts.lost * counts.gained
    if excess > 0:
        excess = max(0.0, excess - rows / 2)
    return excess / math.sqrt(spread)
