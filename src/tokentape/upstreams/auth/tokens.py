"""Tokens that expire: kept for each credential, renewed in time, and asked for once however many calls wait.

A token is renewed behind the calls' backs once little of its life is left, and calls wait for a new one only
where the old one is as good as gone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.upstreams.upstream import AuthFailed, Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

EARLY, LATE = 300.0, 30.0
"""Seconds before its end from which a token is renewed, and from which it is not used any more."""

SAME = 30.0
"""Seconds after a renewal in which a refusal is taken for one of the token before."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and for how many seconds from now it is good; None: nobody knows."""

    secret: Secret
    lifetime: float | None


@dataclass(slots=True)
class _Kept:
    secret: Secret
    renew_at: float
    gone_at: float
    refused_at: float | None
    """When the one before it was refused, if that is why this one was asked for."""


class Tokens:
    """The tokens of one way to get them. `unknown`: how long a token is used whose end nobody knows."""

    def __init__(
        self,
        fetch: Callable[[Secret | None], Awaitable[Token]],
        clock: Callable[[], float],
        unknown: float = 300.0,
    ) -> None:
        self._fetch, self._clock, self._unknown = fetch, clock, unknown
        self._kept: dict[Secret | None, _Kept] = {}
        self._under_way: dict[Secret | None, asyncio.Task[Secret]] = {}

    async def token(self, secret: Secret | None) -> Secret:
        """A token that is good now. Raises `AuthFailed`."""
        kept, now = self._kept.get(secret), self._clock()
        if kept is None or now >= kept.gone_at:
            return await asyncio.shield(self._fetching(secret))
        if now >= kept.renew_at:
            self._fetching(secret)
        return kept.secret

    async def refused(self, secret: Secret | None) -> bool:
        """A token was answered with 401. True: another one is used from now on, so ask once more.

        Many calls may tell this of one token; the one that took its place is not thrown away for it.
        """
        kept = self._kept.get(secret)
        if kept is None:
            return False
        if kept.refused_at is not None and self._clock() - kept.refused_at < SAME:
            return True
        try:
            renewed = await asyncio.shield(self._fetching(secret, refused=True))
        except AuthFailed:
            return False
        return renewed != kept.secret

    def _fetching(self, secret: Secret | None, *, refused: bool = False) -> asyncio.Task[Secret]:
        task = self._under_way.get(secret)
        if task is None:
            task = self._under_way[secret] = asyncio.create_task(self._renewed(secret, refused))
            task.add_done_callback(_seen)
        return task

    async def _renewed(self, secret: Secret | None, refused: bool) -> Secret:
        try:
            token = await self._fetch(secret)
            life = self._unknown if token.lifetime is None else token.lifetime
            now = self._clock()
            early, late = min(EARLY, life / 4), min(LATE, life / 10)
            at = now if refused else None
            self._kept[secret] = _Kept(token.secret, now + life - early, now + life - late, at)
            return token.secret
        finally:
            self._under_way.pop(secret, None)


def _seen(task: asyncio.Task[Secret]) -> None:
    """A renewal that failed while the old token is good is told by the call that finds it gone."""
    if not task.cancelled():
        task.exception()
