"""Before and after, over the same rows: the difference, how sure it is, and what such a corpus can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.bootstrap import DRAWS, bootstrap
from tokentape.evaluation.statistics.clusters import Clustering, clustering
from tokentape.evaluation.statistics.detectable import (
    detectable_mean,
    detectable_rate,
    fewest_rows,
    rows_for_means,
    rows_for_rates,
    unseen,
)
from tokentape.evaluation.statistics.estimate import Estimate
from tokentape.evaluation.statistics.flips import flip_test
from tokentape.evaluation.statistics.mcnemar import mcnemar
from tokentape.evaluation.statistics.paired import paired, rate_difference
from tokentape.evaluation.statistics.summary import deviation

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

MATTERS = 0.05
"""A change of a rate that matters, unless a reader says otherwise: 5 points."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same rows.

    `before` and `after` are the shares that passed, or means (None without rows); `difference` is after minus
    before, and `differ` the number of rows that changed at all. `p` is two-sided. `detectable` is the
    smallest true difference that so many rows show with a power of 0.8 (None: not even the largest, or
    nothing varies, so that it cannot be told), `matters` the difference a reader asks about, and `needed` how
    many rows, clustered as these are, would show it (infinite where the data does not say).
    """

    before: float | None
    after: float | None
    difference: Estimate
    differ: int
    p: float
    clustering: Clustering
    detectable: float | None
    matters: float
    needed: float


def compare_rates(
    before: Sequence[bool],
    after: Sequence[bool],
    clusters: Sequence[Hashable] | None = None,
    *,
    matters: float = MATTERS,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Pass rates: Newcombe's interval, and McNemar's exact test, or its permutation form if rows share a
    conversation (`clusters`). Rows a comparator does not apply to are to be left out on both sides.

    ValueError if the lengths differ.
    """
    counts = paired(before, after)
    changes = [float(now) - float(was) for was, now in zip(before, after, strict=True)]
    grouped = clustering(changes, clusters)
    effect, rows, alpha = grouped.design_effect, counts.rows, 1 - confidence
    return Comparison(
        before=counts.before / rows if rows else None,
        after=counts.after / rows if rows else None,
        difference=rate_difference(counts, confidence=confidence, design_effect=effect),
        differ=counts.lost + counts.gained,
        p=mcnemar(counts).p if grouped.is_plain else flip_test(changes, clusters, seed=seed).p,
        clustering=grouped,
        detectable=(
            detectable_rate(grouped.effective, counts.discordance, alpha=alpha)
            if grouped.clusters >= fewest_rows(alpha)
            else None
        ),
        matters=matters,
        needed=rows_for_rates(matters, counts.discordance, alpha=alpha) * effect,
    )


def compare_means(
    before: Sequence[float],
    after: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    matters: float,
    largest: float = math.inf,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Means of scores, seconds or money: the BCa bootstrap interval, and the permutation test by flipped
    signs. `largest` is the largest difference that one row can have (scores in 0..1: 1), if there is one.

    ValueError if the lengths differ, or a value is not finite.
    """
    changes = [_change(was, now) for was, now in zip(before, after, strict=True)]
    rows, grouped = len(changes), clustering(changes, clusters)
    spread, alpha = _spread(changes), 1 - confidence
    return Comparison(
        before=math.fsum(before) / rows if rows else None,
        after=math.fsum(after) / rows if rows else None,
        difference=(
            bootstrap(changes, clusters, draws=draws, confidence=confidence, seed=seed).bca
            if spread
            else _without_spread(changes, grouped, largest, confidence)
        ),
        differ=sum(map(bool, changes)),
        p=flip_test(changes, clusters, seed=seed).p,
        clustering=grouped,
        detectable=(
            detectable_mean(grouped.effective, spread, alpha=alpha)
            if grouped.clusters >= fewest_rows(alpha)
            else None
        ),
        matters=matters,
        needed=(rows_for_means(matters, spread, alpha=alpha) * grouped.design_effect if spread else math.inf),
    )


def _change(was: float, now: float) -> float:
    """After minus before; 0 where they are equal but for the rounding of floats."""
    change = now - was
    return 0.0 if abs(change) < 1e-12 * max(abs(was), abs(now)) else change


def _spread(changes: list[float]) -> float:
    """The deviation; 0 where differences are equal but for the rounding of floats."""
    found = deviation(changes) or 0.0
    return found if found > 1e-12 * max(map(abs, changes), default=0.0) else 0.0


def _without_spread(changes: list[float], grouped: Clustering, largest: float, confidence: float) -> Estimate:
    """All differences are equal, so every draw would be, too, and the interval a single point. But of rows
    not seen, some may differ, and each by `largest`.
    """
    if not changes:
        return Estimate(None, -largest, largest, confidence)
    reach = (largest + abs(changes[0])) * unseen(grouped.effective, alpha=1 - confidence)
    return Estimate(changes[0], changes[0] - reach, changes[0] + reach, confidence)
