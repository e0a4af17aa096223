"""Lines of the ledger added up, by whatever of them is asked for."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tokentape.gateway.usage.spent import REPLAYED
from tokentape.protocols.reading import number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning", "searches")
"""Counts that are added up. `input` and `output` are all tokens, the others parts of them."""
COUNTERS = ("requests", "failed", REPLAYED, "uncounted", "estimated", "unpriced", *TOKENS)


class Sums:
    """Sums over requests. `uncounted`: answered by a model, and nobody knows with how many tokens;
    `estimated`: their tokens are an estimate; `unpriced`: their price is unknown, and no part of `usd`.
    """

    __slots__ = ("counts", "ms", "usd")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTERS, 0)
        self.usd = Decimal(0)
        self.ms = 0.0

    def add(self, row: Mapping[str, Json]) -> None:
        """One line more."""
        counts = self.counts
        counts["requests"] += 1
        status = number(row.get("status"))
        is_failed = status is None or status >= 400
        counts["failed"] += is_failed
        counts[REPLAYED] += REPLAYED in row
        counts["estimated"] += row.get("counted_by") == "estimate"
        counts["uncounted"] += not is_failed and "counted_by" not in row
        for name in TOKENS:
            counts[name] += number(row.get(name)) or 0
        self.ms += _float(row.get("ms"))
        usd = _decimal(row.get("usd"))
        counts["unpriced"] += usd is None
        self.usd += usd or 0

    def merge(self, other: Sums) -> None:
        """Others of them."""
        for name, count in other.counts.items():
            self.counts[name] += count
        self.usd += other.usd
        self.ms += other.ms

    def told(self) -> dict[str, Json]:
        """As JSON; `usd` is a number here, `mean_ms` the mean time of a request."""
        requests = self.counts["requests"]
        mean = round(self.ms / requests, 3) if requests else None
        return {**self.counts, "usd": float(self.usd), "mean_ms": mean}


def _decimal(value: Json) -> Decimal | None:
    try:
        return Decimal(text(value)) if value is not None else None
    except InvalidOperation:
        return None


def _float(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
