"""How long the reply took, whole or to its first chunk."""

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
class Latency:
    """`limit`: how many times as long is enough; `to_first`: to the first chunk."""

    name: str
    limit: float | None = None
    to_first: bool = False

    def compare(self, pair: Pair) -> Verdict:
        """1 for a reply that took no longer, else the share."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = self._seconds(pair.before), self._seconds(pair.after)
        what = "time to the first chunk" if self.to_first else "time"
        if before is None or after is None:
            return does_not_apply(
                f"the {what} of the {'recorded' if before is None else 'new'} reply is not known"
            )
        return no_more(what, before, after, self.limit, "s")

    def _seconds(self, side: Side) -> float | None:
        seconds = side.first if self.to_first else side.seconds
        return seconds if is_amount(seconds) else None


def _make(given: Given) -> Latency:
    return Latency(given.name, limit_of(given), given.one_of("of", "whole", "first") == "first")


KIND = Kind(
    "latency",
    means="1 if the new reply took no longer, else the share of its time that the recorded one took",
    passes="at most the limit times as long; neither passed nor failed without one",
    make=_make,
    words="limit",
    options={"of": "`whole`: the time of the whole reply; `first`: to its first chunk"},
    is_symmetric=False,
    example="latency:1.5",
)
