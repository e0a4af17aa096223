"""Turns of one conversation are not independent: how alike they are, and how many rows they are worth."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class Gathered(NamedTuple):
    """Of each conversation the sum of its values, and how many they are."""

    totals: list[float]
    sizes: list[int]


@dataclass(frozen=True, slots=True)
class Clustering:
    """What clusters do to the number of rows.

    `correlation` is how alike values of one cluster are: 1 if all are equal, 0 if no more so than others,
    below 0 if less so. None where the data does not say: each cluster is one row, there is one cluster, or
    all values are equal.
    """

    rows: int
    clusters: int
    correlation: float | None
    design_effect: float

    @property
    def effective(self) -> float:
        """How many independent rows say as much."""
        return self.rows / self.design_effect

    @property
    def is_plain(self) -> bool:
        """True if no two rows share a cluster."""
        return self.rows == self.clusters


def gathered(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Gathered:
    """The clusters, in the order in which they first appear. `clusters` names the cluster of each value; None
    makes each value its own. ValueError if the lengths differ or a value is not finite.
    """
    if not all(map(math.isfinite, values)):
        raise ValueError("values must be finite numbers")
    if clusters is None:
        return Gathered(list(map(float, values)), [1] * len(values))
    found: defaultdict[Hashable, list[float]] = defaultdict(list)
    for name, value in zip(clusters, values, strict=True):
        found[name].append(value)
    return Gathered(list(map(math.fsum, found.values())), list(map(len, found.values())))


def clustering(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Clustering:
    """The intracluster correlation (one-way analysis of variance with sizes that differ: A. Donner and
    J. J. Koval, Biometrics 36, 1980) and the design effect that follows (L. Kish, Survey Sampling, 1965; for
    sizes that differ, S. M. Eldridge, D. Ashby and S. Kerry, International Journal of Epidemiology 35, 2006):
    `1 + (m - 1) * correlation`, with m the mean size of a cluster as a row sees it.

    Two rules, both against saying too much. A negative correlation counts as 0: rows are never worth more
    than they are. Where the data does not say how alike turns are, they count as entirely alike: 40 turns of
    one conversation that all pass are one conversation that passed.

    ValueError as for `gathered`.
    """
    found = gathered(values, clusters)
    rows = len(values)
    count = len(found.sizes)
    if count == rows:
        return Clustering(rows, rows, None, 1.0)
    seen = sum(size * size for size in found.sizes) / rows
    correlation = _correlation(values, found)
    alike = 1.0 if correlation is None else max(0.0, correlation)
    return Clustering(rows, count, correlation, 1 + (seen - 1) * alike)


def _correlation(values: Sequence[float], found: Gathered) -> float | None:
    rows, groups = len(values), len(found.sizes)
    if groups < 2 or min(values) == max(values):
        return None
    mean = math.fsum(values) / rows
    between = math.fsum(
        size * (total / size - mean) ** 2 for total, size in zip(found.totals, found.sizes, strict=True)
    )
    within = max(0.0, math.fsum((value - mean) ** 2 for value in values) - between) / (rows - groups)
    between /= groups - 1
    size = (rows - sum(size * size for size in found.sizes) / rows) / (groups - 1)
    spread = between + (size - 1) * within
    return (between - within) / spread if spread > 0 else None
