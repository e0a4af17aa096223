"""Medians and 95th percentiles, with intervals that assume no shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.binomial import at_most
from tokentape.evaluation.statistics.estimate import Estimate, deviations

if TYPE_CHECKING:
    from collections.abc import Sequence


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the `ordered` values lie below, between two of them in proportion
    (type 7 of R. J. Hyndman and Y. Fan, The American Statistician 50, 1996; what numpy gives).

    ValueError without values.
    """
    if not ordered:
        raise ValueError("there are no values")
    at = min(max(share, 0.0), 1.0) * (len(ordered) - 1)
    under = math.floor(at)
    over = min(under + 1, len(ordered) - 1)
    return ordered[under] + (ordered[over] - ordered[under]) * (at - under)


def quantile_estimate(
    ordered: Sequence[float], share: float, *, confidence: float = 0.95, design_effect: float = 1.0
) -> Estimate:
    """The quantile with its interval between two of the values, by the binomial distribution of how many lie
    below it (W. J. Conover, Practical Nonparametric Statistics, 3.2).

    The interval holds for any distribution. An end for which there are too few values is infinite: 71 values
    bound a 95th percentile from below only, since the true one may lie above all of them. With a
    `design_effect` the ranks are those of `len(ordered) / design_effect` values (R. S. Woodruff, JASA 47,
    1952).

    ValueError unless share and confidence lie between 0 and 1, exclusive, and for a design effect below 1.
    """
    deviations(confidence)
    if not 0 < share < 1:
        raise ValueError(f"a share lies between 0 and 1, not {share}")
    if design_effect < 1:
        raise ValueError(f"a design effect is 1 or more, not {design_effect}")
    if not ordered:
        return Estimate(None, -math.inf, math.inf, confidence)
    rows = int(len(ordered) / design_effect)
    outside = (1 - confidence) / 2
    first, last = _reaching(outside, rows, share), _reaching(1 - outside, rows, share) + 1
    each, value = len(ordered) / max(rows, 1), quantile(ordered, share)
    low = ordered[math.floor(first * each) - 1] if first >= 1 else -math.inf
    # Rounding may carry `last * each` past the last value.
    high = ordered[min(len(ordered), math.ceil(last * each)) - 1] if last <= rows else math.inf
    # Between two of very few values, the quantile can lie beyond the value that bounds it.
    return Estimate(value, min(low, value), max(high, value), confidence)


def _reaching(bound: float, rows: int, share: float) -> int:
    """The smallest count of values below the quantile such that so many or fewer have the chance `bound`."""
    low, high = 0, rows
    while low < high:
        middle = (low + high) // 2
        if at_most(middle, rows, share) >= bound:
            high = middle
        else:
            low = middle + 1
    return low
