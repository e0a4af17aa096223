"""Did the pass rate change? McNemar's exact test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.binomial import fair_coin

if TYPE_CHECKING:
    from tokentape.evaluation.statistics.paired import Paired


@dataclass(frozen=True, slots=True)
class McNemar:
    """Two-sided p-values: how often chance alone would part the `gained + lost` rows that changed at least
    as unevenly, if a change in either direction were equally likely.
    """

    gained: int
    lost: int
    p: float
    mid_p: float


def mcnemar(counts: Paired) -> McNemar:
    """The exact test (Q. McNemar, Psychometrika 12, 1947, with the binomial in place of chi-square) and its
    mid-p form (M. W. Fagerland, S. Lydersen and P. Laake, BMC Medical Research Methodology 13, 2013).

    Rows must be independent; for several turns of one conversation see `flips`. Both are 1 where no row
    changed.
    """
    p, mid_p = fair_coin(counts.gained, counts.lost)
    return McNemar(counts.gained, counts.lost, p, mid_p)
