"""Measuring fairly on a noisy machine: rounds in turn, medians, ratios."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
MISSED = "DOES NOT HOLD"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, and the claim: at most `limit`, or at least `least` (neither: for comparison
    only). NaN: it could not be measured.
    """

    what: str
    value: float
    unit: str
    limit: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the claim holds in this run."""
        if math.isnan(self.value):
            return "nothing arrives"
        if not self.claim:
            return ""
        is_few = self.limit is None or self.value <= self.limit
        is_much = self.least is None or self.value >= self.least
        return "holds" if is_few and is_much else MISSED

    @property
    def claim(self) -> str:
        """What is claimed of it; "" for nothing."""
        if self.limit is not None:
            return f"at most {self.limit:g} {self.unit}"
        return f"at least {self.least:g} {self.unit}" if self.least is not None else ""

    @property
    def measured(self) -> str:
        """The value with its unit, to three digits."""
        return "-" if math.isnan(self.value) else f"{self.value:.3g} {self.unit}"

    def __str__(self) -> str:
        return f"{self.what:<62} {self.value:>10.3f} {self.unit:<10} {self.claim:<22} {self.verdict}"


def interleaved(jobs: dict[str, Callable[[], T]], rounds: int, *, warm: bool = True) -> dict[str, list[T]]:
    """Each job's figures over `rounds`, the jobs taking turns so that a drift hits all alike.

    `warm`: each runs once before, uncounted.
    """
    for job in jobs.values() if warm else ():
        job()
    figures: dict[str, list[T]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            figures[name].append(job())
    return figures


def ratio(figures: dict[str, list[float]], one: str, other: str) -> float:
    """The median of `one` over `other`, round by round."""
    return statistics.median(a / b for a, b in zip(figures[one], figures[other], strict=True))


def seconds(call: Callable[[], object], number: int = 1) -> float:
    """Seconds per call, over `number` calls."""
    start = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - start) / number


def best(call: Callable[[], object], number: int, rounds: int = 7) -> float:
    """The median over rounds of the seconds per call: for calls too short for turns."""
    call()
    return statistics.median(seconds(call, number) for _ in range(rounds))
