"""A distribution in short: seconds, money, tokens, scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.histogram import Histogram, histogram
from tokentape.evaluation.statistics.quantiles import quantile_estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.evaluation.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Summary:
    """`count` known values, and `missing` ones, which count nowhere else. Without known values all the rest
    is None, or has the value None.
    """

    count: int
    missing: int
    mean: float | None
    deviation: float | None
    lowest: float | None
    median: Estimate
    p95: Estimate
    highest: float | None
    histogram: Histogram


def summarised(
    values: Iterable[float | None],
    *,
    bounds: tuple[float, float] | None = None,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> Summary:
    """What a report says of the values. `bounds` as in `histogram`, `design_effect` as in
    `quantile_estimate`; the deviation is that of a sample (None below two values). ValueError for values that
    are not finite or out of bounds.
    """
    given = list(values)
    known = sorted(value for value in given if value is not None)
    bins = histogram(known, bounds=bounds)
    mean = math.fsum(known) / len(known) if known else None
    middle, high = (
        quantile_estimate(known, share, confidence=confidence, design_effect=design_effect)
        for share in (0.5, 0.95)
    )
    return Summary(
        count=len(known),
        missing=len(given) - len(known),
        mean=mean,
        deviation=deviation(known),
        lowest=known[0] if known else None,
        median=middle,
        p95=high,
        highest=known[-1] if known else None,
        histogram=bins,
    )


def deviation(values: list[float]) -> float | None:
    """The standard deviation of a sample, with n - 1; None below two values."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
