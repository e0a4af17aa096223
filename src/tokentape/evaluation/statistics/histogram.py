"""A distribution in a few bins with round edges."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BINS = 24


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts[i]` values lie from `edges[i]` up to, not including, `edges[i + 1]`; the last bin includes its
    end. `above` values lie beyond all bins: a long tail that would make the rest invisible. No values, no
    bins.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    above: int

    @property
    def total(self) -> int:
        """All values."""
        return sum(self.counts) + self.above


def histogram(
    values: Iterable[float], *, bounds: tuple[float, float] | None = None, most: int = MOST_BINS
) -> Histogram:
    """Bins as wide as D. Freedman and P. Diaconis say (1981: two interquartile ranges by the cube root of the
    count), rounded up to 1, 2 or 5 times a power of ten, and wider until no more than `most` are needed.

    `bounds` are what values can be (a score: 0 and 1): the bins reach from one to the other. Without them
    they reach from the lowest value to the highest; or, where a tail would take more than half of that, to
    three interquartile ranges over the third quartile (J. W. Tukey's outer fence). ValueError for values
    that are not finite or out of bounds.
    """
    ordered = sorted(values)
    if not ordered:
        return Histogram((), (), 0)
    if not all(map(math.isfinite, ordered)):
        raise ValueError("values must be finite numbers")
    low, high = bounds or (ordered[0], _fence(ordered))
    if bounds and (ordered[0] < low or ordered[-1] > high):
        raise ValueError(f"values lie between {low} and {high}")
    step = _step(ordered, low, high, most)
    edges = _edges(low, high, step)
    if bounds:
        edges = (low, *(edge for edge in edges if low < edge < high), high)
    below = [bisect_left(ordered, edge) for edge in edges[:-1]] + [bisect_right(ordered, edges[-1])]
    counts = tuple(upto - before for before, upto in pairwise(below))
    return Histogram(edges, counts, len(ordered) - below[-1])


def _range(ordered: list[float]) -> float:
    return quantile(ordered, 0.75) - quantile(ordered, 0.25)


def _fence(ordered: list[float]) -> float:
    """Where the bins end. Values of which most are equal have no range to measure a tail by."""
    low, high, spread = ordered[0], ordered[-1], _range(ordered)
    fence = quantile(ordered, 0.75) + 3 * spread
    return fence if spread and high - low > 2 * (fence - low) else high


def _step(ordered: list[float], low: float, high: float, most: int) -> float:
    if low == high:
        return _round_up(abs(low) / 10) if low else 1.0
    wanted = max(2 * _range(ordered) / len(ordered) ** (1 / 3), (high - low) / most)
    step = _round_up(min(wanted, high - low))
    # Round edges start below the lowest value, which may take one bin more.
    return step if len(_edges(low, high, step)) <= most + 1 else _round_up(step * 1.5)


def _round_up(wanted: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((times * power for times in (1, 2, 5) if times * power >= wanted * (1 - 1e-9)), 10 * power)


def _edges(low: float, high: float, step: float) -> tuple[float, ...]:
    """Multiples of the step, from the last at or below `low` to the first at or above `high`."""
    first, last = math.floor(low / step), math.ceil(high / step)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return tuple(round(at * step, digits) for at in range(first, max(last, first + 1) + 1))
