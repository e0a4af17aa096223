"""Calls and tokens within a window of time: rolling, or beginning at fixed times.

A rolling window keeps what happened in bundles of a 240th of its length, each of which leaves as a whole
when its newest leaves. So a day's window is a few hundred numbers, and never lets more through than it may.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import floor, inf
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Window

_BUNDLES = 240


@quick
@dataclass(frozen=True, slots=True)
class Moment:
    """Now: by a clock that only goes forward, and by the one on the wall, which windows of days follow."""

    clock: float
    wall: float


@dataclass(slots=True)
class Bundle:
    """What was counted between `first` and `last`. `is_in`: the window still reaches it."""

    first: float
    last: float
    requests: int = 0
    tokens: int = 0
    is_in: bool = True


class Count:
    """What one window has seen."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._bundles: deque[Bundle] = deque()
        self._period: int | None = None
        self._requests = self._tokens = 0

    def add(self, now: Moment, tokens: int) -> Bundle:
        """Count a call. The bundle is where it is corrected once its tokens are known."""
        self._forget(now)
        newest = self._bundles[-1] if self._bundles else None
        if newest is None or now.clock - newest.first >= self.window.seconds / _BUNDLES:
            newest = Bundle(now.clock, now.clock)
            self._bundles.append(newest)
        newest.last = now.clock
        self.correct(newest, 1, tokens)
        return newest

    def correct(self, bundle: Bundle, requests: int, tokens: int) -> None:
        """Count more, or less, in a bundle; one that is out of the window matters no more."""
        if bundle.is_in:
            bundle.requests += requests
            bundle.tokens += tokens
            self._requests += requests
            self._tokens += tokens

    def reserved(self, tokens: int) -> int:
        """How much to count for a call of so many: one that is larger than the whole window fills it."""
        return tokens if self.window.tokens is None else min(tokens, self.window.tokens)

    def wait(self, now: Moment, tokens: int) -> float:
        """Seconds until such a call fits; 0: at once."""
        self._forget(now)
        requests, used = self._requests, self._tokens
        if self._fits(requests, used, tokens):
            return 0.0
        if self.window.offset is not None:
            return self._to_boundary(now)
        for bundle in self._bundles:
            requests, used = requests - bundle.requests, used - bundle.tokens
            if self._fits(requests, used, tokens):
                return max(bundle.last + self.window.seconds - now.clock, 0.0)
        return inf  # a window of nothing: never

    def reset(self, now: Moment) -> float:
        """Seconds until nothing of it is used."""
        self._forget(now)
        if not self._bundles:
            return 0.0
        if self.window.offset is not None:
            return self._to_boundary(now)
        return max(self._bundles[-1].last + self.window.seconds - now.clock, 0.0)

    def used(self, now: Moment) -> tuple[int, int]:
        """Calls and tokens in it."""
        self._forget(now)
        return self._requests, self._tokens

    def _fits(self, requests: int, used: int, tokens: int) -> bool:
        most = self.window
        if most.requests is not None and requests + 1 > most.requests:
            return False
        return most.tokens is None or (used + self.reserved(tokens) <= most.tokens and most.tokens > 0)

    def _forget(self, now: Moment) -> None:
        if self.window.offset is None:
            while self._bundles and self._bundles[0].last + self.window.seconds <= now.clock:
                self._drop()
            return
        period = floor((now.wall - self.window.offset) / self.window.seconds)
        if self._period is not None and period > self._period:
            while self._bundles:
                self._drop()
        self._period = period  # a clock that was set back keeps what was counted

    def _drop(self) -> None:
        gone = self._bundles.popleft()
        self.correct(gone, -gone.requests, -gone.tokens)
        gone.is_in = False

    def _to_boundary(self, now: Moment) -> float:
        offset = self.window.offset or 0.0
        return self.window.seconds - (now.wall - offset) % self.window.seconds
