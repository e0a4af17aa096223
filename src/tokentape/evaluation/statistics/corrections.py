"""Several tests at once: p-values corrected for how many chances to err there were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values after S. Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979), in the same
    order. Below alpha: with all those below it, the chance that any is wrong is at most alpha.

    For few, weighty questions: "is any of these targets worse?". It assumes nothing about how the tests
    depend on each other. ValueError unless all lie in 0..1.
    """
    count, adjusted, highest = len(p_values), [0.0] * len(p_values), 0.0
    for rank, at in enumerate(_order(p_values)):
        highest = max(highest, min(1.0, (count - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values after Y. Benjamini and Y. Hochberg (JRSS B 57, 1995), in the same order. Below alpha: of all
    those below it, a share of at most alpha is wrong on average.

    For many questions, of which each answer stands alone: "which of 40 categories changed?". For tests that
    are independent, or depend on each other positively. ValueError unless all lie in 0..1.
    """
    count, adjusted, lowest = len(p_values), [0.0] * len(p_values), 1.0
    for rank, at in reversed(list(enumerate(_order(p_values), start=1))):
        lowest = min(lowest, p_values[at] * count / rank)
        adjusted[at] = lowest
    return adjusted


def _order(p_values: Sequence[float]) -> list[int]:
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("p-values lie between 0 and 1")
    return sorted(range(len(p_values)), key=p_values.__getitem__)
