"""One target of one call: what it failed with, which credentials are no use, when it may be retried."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from tokentape.upstreams.failures import DEAD, KEY_FAILURES, SERVER_FAILURES, FailureClass
from tokentape.upstreams.pools.leases import Lease, Wait
from tokentape.upstreams.retrying import backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.upstreams.failures import Failed
    from tokentape.upstreams.pools.pools import Pools
    from tokentape.upstreams.retrying import RetryOptions
    from tokentape.upstreams.upstream import Candidate

    Random = Callable[[], float]

_FINAL = DEAD | {FailureClass.billing}
"""A key that failed so is no use to this call any more."""


class Target:
    """`is_over`: it is not asked again in this call. `free_at`: when it may do again, as far as is known."""

    def __init__(self, candidate: Candidate, *, prefer: str | None, only: str | None) -> None:
        self.candidate, self._prefer, self._only = candidate, prefer, only
        self.is_asked = self.is_over = self.is_noted = False
        self.failed: Failed | None = None
        self.free_at = inf
        self._retries: dict[str, int] = {}
        self._held: dict[str, float] = {}
        self._useless: set[str] = set()
        self._retry_at = -inf

    def lease(self, pools: Pools, now: float, call: int, tokens: int) -> Lease | Wait:
        """A credential for a try, or what there is to wait for."""
        held: dict[str, float] = {}
        if self._held:
            held = {name: at for name, at in self._held.items() if at > now and name not in self._useless}
        without = held.keys() | self._useless if held else self._useless
        if now < self._retry_at:
            return self._own(self._retry_at)
        got = pools.lease(
            self.candidate, call=call, tokens=tokens, prefer=self._prefer, only=self._only, without=without
        )
        if isinstance(got, Lease) or got.whole or not held:
            return got
        first = min(held.values())
        return got if got.until <= first else replace(self._own(first), busy=got.busy)

    def _own(self, until: float) -> Wait:
        kind = self.failed.kind if self.failed else FailureClass.server_error
        return Wait(until, kind, self.candidate.label)

    def fails(self, lease: Lease, failed: Failed, now: float, options: RetryOptions, random: Random) -> None:
        """Its try failed: is it over, and if not, when is it to be tried again, with which credential?"""
        name, kind = lease.credential.name, failed.kind
        if self.failed is None or kind not in DEAD or self.failed.kind in DEAD:
            self.failed = failed
        self.free_at = inf if failed.retry_after is None else now + failed.retry_after
        if kind not in KEY_FAILURES and kind not in SERVER_FAILURES:
            self.is_over = True
            return
        retry = self._retries[name] = self._retries.get(name, 0) + 1
        is_spent = kind is FailureClass.quota_exceeded and failed.retry_after is None
        if kind in _FINAL or is_spent or retry > options.max_retries:
            self._useless.add(name)
            self.is_over = kind in SERVER_FAILURES or self._has_no_more()
            return
        wait = backoff(options, retry - 1, random)
        if failed.retry_after is not None:
            self._held[name] = now + (failed.retry_after or wait)
        elif kind in KEY_FAILURES:
            self._held[name] = now + wait
        else:
            self._retry_at = now + wait

    def _has_no_more(self) -> bool:
        names = {one.name for one in self.candidate.upstream.credentials}
        return not ({self._only} & names if self._only else names) - self._useless
