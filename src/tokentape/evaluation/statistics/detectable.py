"""What a corpus of this size can show at all, and how many rows a wanted difference needs.

All figures are for a paired, two-sided comparison: with a true difference of that size, the test finds it in
`power` of all corpora (0.8, by usage since J. Cohen, Statistical Power Analysis for the Behavioral Sciences,
1977), and finds one where there is none in `alpha` of them (0.05).

Rows are independent rows: give `Clustering.effective` for turns of conversations, and multiply the rows
needed by `Clustering.design_effect`.
"""

from __future__ import annotations

import math

from tokentape.evaluation.statistics.estimate import NORMAL, deviations

POWER = 0.8
ALPHA = 0.05


def rows_for_rates(
    difference: float, discordance: float, *, power: float = POWER, alpha: float = ALPHA
) -> float:
    """How many rows show that a rate changed by `difference` (-1..1), if `discordance` (0..1) of the rows
    change at all.

    R. J. Connor's formula for McNemar's test (Biometrics 43, 1987), and `1 / difference` more for the exact
    test, which is what the continuity correction comes to. Rows that change are at least as many as the
    difference, so a smaller discordance is taken as that. Infinite for a difference of 0.
    """
    changed = abs(difference)
    found, missed = _two_sided(alpha), _one_sided(power)
    if not changed:
        return math.inf
    spread = max(discordance, changed)
    together = found * math.sqrt(spread) + missed * math.sqrt(spread - changed * changed)
    return max((together / changed) ** 2 + 1 / changed, fewest_rows(alpha))


def detectable_rate(
    rows: float, discordance: float, *, power: float = POWER, alpha: float = ALPHA
) -> float | None:
    """The smallest change of a rate that so many rows show; None if not even one of all rows would be.

    `discordance` is that which was seen, or a guess. Where hardly a row changed, it is what the difference
    itself must bring: zero changed rows of ten do not make ten rows enough.
    """
    if rows_for_rates(1.0, discordance, power=power, alpha=alpha) > rows:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if rows_for_rates(middle, discordance, power=power, alpha=alpha) > rows:
            low = middle
        else:
            high = middle
    return high


def rows_for_means(
    difference: float, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> float:
    """How many rows show that a mean changed by `difference`, if the differences of rows have this standard
    `deviation`.

    The normal formula, and half the square of its quantile more, since the deviation itself is estimated
    (W. C. Guenther, The Statistician 30, 1981). Infinite for a difference of 0.
    """
    found, missed = _two_sided(alpha), _one_sided(power)
    if not difference:
        return math.inf
    return ((found + missed) * deviation / difference) ** 2 + found * found / 2


def detectable_mean(
    rows: float, deviation: float, *, power: float = POWER, alpha: float = ALPHA
) -> float | None:
    """The smallest change of a mean that so many rows show; None with too few rows for any, and where nothing
    varies, since then the data does not say how large a chance difference may be.
    """
    found, missed = _two_sided(alpha), _one_sided(power)
    left = rows - found * found / 2
    return (found + missed) * deviation / math.sqrt(left) if left > 0 and deviation > 0 else None


def fewest_rows(alpha: float = ALPHA) -> int:
    """With fewer independent rows no paired test can find anything: even if all change the same way, that
    happens by chance more often than `alpha`. 6 for 0.05, since twice (1/2)^5 is 0.0625.
    """
    return math.ceil(math.log2(2 / alpha))


def unseen(rows: float, *, alpha: float = ALPHA) -> float:
    """The largest share of rows that may be otherwise where none of so many is: about 3 by their count
    (J. A. Hanley and A. Lippman-Hand, JAMA 249, 1983; two-sided here, so nearer to 4).
    """
    return 1 - math.pow(alpha / 2, 1 / rows)


def _two_sided(alpha: float) -> float:
    return deviations(1 - alpha)


def _one_sided(power: float) -> float:
    """ValueError unless the power lies between one half and 1: below, it is no test."""
    if not 0.5 <= power < 1:
        raise ValueError(f"a power lies between 0.5 and 1, not {power}")
    return NORMAL.inv_cdf(power)
