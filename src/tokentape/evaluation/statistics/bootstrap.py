"""How sure a mean, or a difference of means, is: the bootstrap."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.clusters import gathered
from tokentape.evaluation.statistics.estimate import NORMAL, Estimate, deviations
from tokentape.evaluation.statistics.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

DRAWS = 2000
LARGE = 1000
"""Clusters beyond which nothing is drawn: formulas tell what draws would come to."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """The mean of all rows, with two intervals: by percentiles of the draws, and BCa, which also mends their
    bias and skewness (take this one). The same `seed` gives the same figures. `draws` is 0 where formulas
    told them.
    """

    percentile: Estimate
    bca: Estimate
    clusters: int
    draws: int
    seed: int


def bootstrap(
    values: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> Bootstrap:
    """The mean of `values`, as sure as they make it (B. Efron and R. J. Tibshirani, An Introduction to the
    Bootstrap, 1993, chapters 13 and 14).

    `clusters` names the conversation of each value: whole conversations are drawn, as many as there are
    (C. A. Field and A. H. Welsh, JRSS B 69, 2007), and the mean is that of the rows drawn. With fewer than
    two of them nothing varies, so the interval is infinite. With more than `LARGE` of them the draws would
    take seconds, and formulas give the same (`_by_formulas`).

    ValueError without values, for values that are not finite, and if the lengths differ.
    """
    reach = deviations(confidence)
    # A cluster is one complex number, so that one sum adds up both its total and its size.
    # Sorted, so that the order of the rows does not decide what is drawn.
    gathering = gathered(values, clusters)
    pairs = sorted(zip(gathering.totals, gathering.sizes, strict=True))
    found = [complex(total, size) for total, size in pairs]
    if not found:
        raise ValueError("there are no values to draw from")
    whole = sum(found, 0j)
    mean = whole.real / whole.imag
    if len(found) < 2:
        nothing = Estimate(mean, -math.inf, math.inf, confidence)
        return Bootstrap(nothing, nothing, 1, 0, seed)
    if len(found) > LARGE:
        return _by_formulas(found, whole, confidence, seed)
    means = _drawn(found, draws, Random(seed))
    bias = NORMAL.inv_cdf(_below(means, mean))
    skew = _acceleration(found, whole)
    outside = (1 - confidence) / 2
    percentile = Estimate(mean, quantile(means, outside), quantile(means, 1 - outside), confidence)
    low, high = _mended(bias - reach, bias, skew), _mended(bias + reach, bias, skew)
    bca = Estimate(mean, quantile(means, low), quantile(means, high), confidence)
    return Bootstrap(percentile, bca, len(found), draws, seed)


def _by_formulas(found: list[complex], whole: complex, confidence: float, seed: int) -> Bootstrap:
    """What ever more draws come to. Their means are normal but for the skewness of a sum of many, which E. A.
    Cornish and R. A. Fisher's expansion (Revue de l'Institut International de Statistique 5, 1938) has in its
    first term. Of a mean both the bias and the acceleration of BCa are a sixth of that skewness (Efron and
    Tibshirani, chapter 22.6).
    """
    mean, rows = whole.real / whole.imag, whole.imag
    apart = [each.real - mean * each.imag for each in found]
    error = math.sqrt(math.fsum(each * each for each in apart)) / rows
    skew, reach = _acceleration(found, whole), deviations(confidence)

    def at(z: float) -> float:
        return mean + error * (z + skew * (z * z - 1))

    percentile = Estimate(mean, at(-reach), at(reach), confidence)
    low, high = (skew + (skew + z) / (1 - skew * (skew + z)) for z in (-reach, reach))
    return Bootstrap(percentile, Estimate(mean, at(low), at(high), confidence), len(found), 0, seed)


def _drawn(clusters: list[complex], draws: int, random: Random) -> list[float]:
    """The means of `draws` corpora drawn with replacement, in order."""
    means = []
    for _ in range(draws):
        drawn = sum(random.choices(clusters, k=len(clusters)), 0j)
        means.append(drawn.real / drawn.imag)
    means.sort()
    return means


def _below(means: list[float], mean: float) -> float:
    """The share of draws under `mean`, half of the equal ones included; never all or none, since the normal
    distribution has no end.
    """
    # Draws whose sums differ in the order of addition only are equal.
    near = 1e-12 * max(abs(means[0]), abs(means[-1]))
    share = (bisect_left(means, mean - near) + bisect_right(means, mean + near)) / (2 * len(means))
    return min(max(share, 0.5 / len(means)), 1 - 0.5 / len(means))


def _mended(z: float, bias: float, skew: float) -> float:
    """The share of draws below an end of the interval: formula 14.10, and its limit where that has a pole."""
    room = 1 - skew * z
    return NORMAL.cdf(bias + z / room) if room > 0 else float(z > 0)


def _acceleration(clusters: list[complex], whole: complex) -> float:
    """How skewed the mean is, from the means without one cluster each (the jackknife): formula 14.15."""
    without = [(whole - each).real / (whole - each).imag for each in clusters]
    middle = math.fsum(without) / len(without)
    square = math.fsum((middle - each) ** 2 for each in without)
    cube = math.fsum((middle - each) ** 3 for each in without)
    return cube / (6 * square**1.5) if square**1.5 > 0 else 0.0
