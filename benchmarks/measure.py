"""Measuring fairly on a noisy machine: rounds in turn, medians, ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, the claim's limit (None: for comparison only)."""

    what: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the claim holds in this run."""
        if self.limit is None:
            return ""
        return "holds" if self.value <= self.limit else "DOES NOT HOLD"

    def __str__(self) -> str:
        limit = f"at most {self.limit:g} {self.unit}" if self.limit is not None else ""
        return f"{self.what:<62} {self.value:>10.3f} {self.unit:<10} {limit:<22} {self.verdict}"


def interleaved(jobs: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each job's figures over `rounds`, the jobs taking turns so that a drift hits all alike."""
    for job in jobs.values():
        job()
    figures: dict[str, list[float]] = {name: [] for name in jobs}
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
