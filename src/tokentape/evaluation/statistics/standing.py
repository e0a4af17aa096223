"""What a comparison lets one say: higher, lower, alike, or nothing yet. The rule for "not enough data"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.detectable import ALPHA, fewest_rows, unseen

if TYPE_CHECKING:
    from tokentape.evaluation.statistics.clusters import Clustering
    from tokentape.evaluation.statistics.comparison import Comparison


SELDOM = 0.1
"""A share of rows that may differ unseen where none was seen to."""


class Standing(StrEnum):
    """Where a figure stands, compared with the one before."""

    HIGHER = "higher"
    LOWER = "lower"
    ALIKE = "alike"
    UNKNOWN = "not enough data to say"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The standing, the reason for it in one line, and the p-value that it went by."""

    standing: Standing
    reason: str
    p: float


def judged(found: Comparison, *, p: float | None = None, alpha: float = ALPHA) -> Judgement:
    """The rule. `p` is the p-value to go by, where several tests were corrected together; the comparison's
    own, if None. In this order:

    1. No rows, no statement.
    2. Fewer independent rows, or fewer conversations, than could ever show anything (6 for alpha 0.05;
       `fewest_rows`): not enough. A perfect score over 4 rows is no news.
    3. p below alpha: higher or lower. This is said also where the corpus is small, since a test that finds
       something found it; and where the difference is smaller than what matters, since the reader sees its
       size.
    4. The whole interval within what matters: alike. "No significant difference" alone never says so, since
       that is what too few rows give, too (equivalence by interval: D. J. Schuirmann, Journal of
       Pharmacokinetics and Biopharmaceutics 15, 1987; he takes 90 %, 95 % is stricter).
    5. Every row the same, of what has no largest difference (tokens, money, seconds), so that it has no
       interval either: alike, if no more than one row in ten may differ unseen. That takes 36 rows.
    6. Else not enough: the true difference may be none, and it may be one that matters.
    """
    by, value = found.p if p is None else p, found.difference.value
    if value is None:
        return Judgement(Standing.UNKNOWN, "there are no rows to compare", by)
    rows = min(found.clustering.effective, found.clustering.clusters)
    if rows < fewest_rows(alpha):
        return Judgement(Standing.UNKNOWN, _too_few(found.clustering, fewest_rows(alpha)), by)
    if by < alpha and value:
        way = Standing.HIGHER if value > 0 else Standing.LOWER
        return Judgement(way, "chance alone seldom does this", by)
    if found.difference.within(-found.matters, found.matters):
        return Judgement(Standing.ALIKE, "any difference is smaller than what matters", by)
    if not found.differ and not found.difference.is_bounded and unseen(rows, alpha=alpha) <= SELDOM:
        return Judgement(Standing.ALIKE, "no row differs", by)
    return Judgement(Standing.UNKNOWN, "no difference, and one that matters, would both look like this", by)


def _too_few(found: Clustering, fewest: int) -> str:
    rows = "1 row" if found.rows == 1 else f"{found.rows} rows"
    if found.is_plain:
        return f"{rows} cannot show any difference; it takes {fewest}"
    worth = f"{rows} of {found.clusters} conversations are worth {found.effective:.3g} independent ones"
    return f"{worth}; it takes {fewest}, of as many conversations"
