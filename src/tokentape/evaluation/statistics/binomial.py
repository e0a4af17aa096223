"""Binomial chances, exact up to floating point, in time that grows with the root of the number of trials."""

from __future__ import annotations

import math


def exactly(hits: int, trials: int, chance: float) -> float:
    """The chance of `hits` in `trials` that succeed with `chance` (between 0 and 1, exclusive) each."""
    if not 0 <= hits <= trials:
        return 0.0
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return math.exp(ways + hits * math.log(chance) + (trials - hits) * math.log1p(-chance))


def at_most(hits: int, trials: int, chance: float) -> float:
    """The chance of `hits` or fewer.

    The shorter tail is summed from its highest term on, each term from the one before, until terms no longer
    count.
    """
    if hits < 0:
        return 0.0
    if hits >= trials:
        return 1.0
    if hits > trials * chance:
        return 1.0 - at_most(trials - hits - 1, trials, 1 - chance)
    term = total = exactly(hits, trials, chance)
    odds = (1 - chance) / chance
    for at in range(hits, 0, -1):
        term *= at / (trials - at + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return min(1.0, total)


def fair_coin(heads: int, tails: int) -> tuple[float, float]:
    """Two-sided p-values of a coin that fell so: the exact one, and the mid-p value.

    Mid-p counts half of the chance of what was seen (H. O. Lancaster, JASA 56, 1961). The exact test rejects
    a true hypothesis less often than it says, since the counts are whole; mid-p is close to what it says.
    """
    fewer, tosses = min(heads, tails), heads + tails
    tail = 2 * at_most(fewer, tosses, 0.5)
    return min(1.0, tail), min(1.0, tail - exactly(fewer, tosses, 0.5))
