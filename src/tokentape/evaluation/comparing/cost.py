"""What the reply cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import does_not_apply, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.ratio import is_amount, limit_of, no_more

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair, Side, Verdict
    from tokentape.evaluation.comparing.kind import Given


@dataclass(frozen=True, slots=True)
class Cost:
    """`limit`: how many times as much is enough."""

    name: str
    limit: float | None = None

    def compare(self, pair: Pair) -> Verdict:
        """1 for a reply that cost no more, else the share."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = _usd(pair.before), _usd(pair.after)
        if before is None or after is None:
            return does_not_apply(
                f"no price is known for the {'recorded' if before is None else 'new'} reply"
            )
        return no_more("cost", before, after, self.limit, "USD")


def _usd(side: Side) -> float | None:
    usd = float(side.cost) if side.cost is not None and side.cost.is_finite() else None
    return usd if is_amount(usd) else None


def _make(given: Given) -> Cost:
    return Cost(given.name, limit_of(given))


KIND = Kind(
    "cost",
    means="1 if the new reply cost no more, else the share of its cost that the recorded one cost",
    passes="at most the limit times as much; neither passed nor failed without one",
    make=_make,
    words="limit",
    is_symmetric=False,
    example="cost:1.2",
)
