"""Did more rows go up than down? The sign test: for scores whose size means little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.binomial import fair_coin

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class SignTest:
    """How many rows went `up`, `down` or neither way (`ties`), and the two-sided p-values of that."""

    up: int
    down: int
    ties: int
    p: float
    mid_p: float


def sign_test(differences: Iterable[float]) -> SignTest:
    """The exact sign test (J. Arbuthnott 1710; W. J. Conover, Practical Nonparametric Statistics, 3.4). Ties
    are left out.

    Only the direction of each difference counts, so one huge latency weighs as much as one small one. Rows
    must be independent; for several turns of one conversation give `flips` the signs.
    """
    up = down = ties = 0
    for difference in differences:
        up += difference > 0
        down += difference < 0
        ties += difference == 0
    p, mid_p = fair_coin(up, down)
    return SignTest(up, down, ties, p, mid_p)
