"""Two amounts of which less is better: time, money."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.kind import Given


def no_more(what: str, before: float, after: float, limit: float | None, unit: str) -> Verdict:
    """1 where `after` is no more than `before`, else the share of it that `before` is.

    Enough is up to `limit` times as much; nobody says what is enough where there is none.
    """
    times = 1.0 if after == before else after / before if before else math.inf
    score = 1.0 if times <= 1 else before / after
    passed = None if limit is None else times <= limit
    reason = f"{what}: {before:.4g} {unit}, now {after:.4g} {unit}, {_times(times)}"
    if passed is False:
        reason += f"; at most {limit:g} times is allowed"
    differences = () if before == after else (Difference(what, before, after),)
    return Verdict(score, passed, reason, differences)


def _times(times: float) -> str:
    if times == 1:
        return "the same"
    return f"{times:.3g} times as much" if math.isfinite(times) else "from nothing"


def limit_of(given: Given) -> float | None:
    """The bare word, if there is one: how many times as much is allowed."""
    word = given.only_word("limit")
    return given.number(word, "the limit") if word else None


def is_amount(value: float | None) -> bool:
    """True for a number that can be measured: finite, and not below 0."""
    return value is not None and math.isfinite(value) and value >= 0
