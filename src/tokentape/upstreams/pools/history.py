"""Failures of late at one scope, and when they are enough for a rest.

One failure is never enough. Tries of one call count once: a request that a server cannot digest must not
cool a model for everybody. After a rest, and until something succeeds, the next failure is enough: nothing
has worked since. Calls that began before a rest say nothing new about it: they do not extend it.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.upstreams.pools.options import Cooling

_MOST = 200


class History:
    """`spread`: of how many different things (models, for an upstream) the failures must be."""

    def __init__(self, rule: Cooling, spread: int = 1) -> None:
        self._rule, self._spread = rule, spread
        self._failed: dict[int, tuple[float, str]] = {}
        self._level = 0
        self._since = -inf
        self._until = -inf

    def is_clear(self, at: float) -> bool:
        """True if nothing is held against it any more."""
        late = at - self._rule.window
        return all(seen[0] <= late for seen in self._failed.values()) and (
            not self._level or self._until < late
        )

    def failed(self, at: float, begun: float, call: int, what: str = "") -> float | None:
        """A try of `call` that began at `begun` failed. How long a rest that makes; None: none."""
        rule = self._rule
        if begun < self._since:
            return None
        if self._level and at - self._until > rule.window:
            self._level = 0
        self._failed = {one: seen for one, seen in self._failed.items() if at - seen[0] < rule.window}
        self._failed[call] = (at, what)
        if len(self._failed) > _MOST:
            del self._failed[next(iter(self._failed))]
        whats = {seen[1] for seen in self._failed.values()}
        enough = len(self._failed) >= rule.threshold and len(whats) >= self._spread
        if not enough and not self._level:
            return None
        length = min(rule.most, rule.base * float(1 << min(self._level, 32)))
        self._level += 1
        self._since, self._until = at, at + length
        self._failed.clear()
        return length

    def succeeded(self) -> None:
        """Something worked: all is forgotten."""
        if self._failed:
            self._failed.clear()
        self._level = 0
