"""A figure with its interval: what every estimate here gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` lies between `low` and `high`, which hold the true figure in `confidence` (0..1) of all corpora
    drawn as this one was. `value` is None without data; an end that the data does not bound is infinite.
    """

    value: float | None
    low: float
    high: float
    confidence: float = 0.95

    @property
    def is_bounded(self) -> bool:
        """True if the data bounds the figure on both sides."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def within(self, low: float, high: float) -> bool:
        """True if the whole interval lies between the two, which do not belong to it."""
        return low < self.low and self.high < high


def deviations(confidence: float) -> float:
    """How many standard deviations around the mean of a normal distribution hold `confidence` of it: 1.96 for
    0.95. ValueError unless it lies between 0 and 1, exclusive.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    return NORMAL.inv_cdf((1 + confidence) / 2)
