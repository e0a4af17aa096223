"""Leases of credentials, and what their calls came to. For one event loop; nothing here waits."""

from __future__ import annotations

import random as chance
import time
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from tokentape.upstreams.failures import DEAD, FailureClass, Succeeded
from tokentape.upstreams.pools import gauges
from tokentape.upstreams.pools.choosing import ordered
from tokentape.upstreams.pools.counting import Moment
from tokentape.upstreams.pools.cycle import is_used_up, turn
from tokentape.upstreams.pools.judging import Case
from tokentape.upstreams.pools.keys import Key
from tokentape.upstreams.pools.leases import Lease, Wait
from tokentape.upstreams.pools.lending import group_of, loan_of, settle
from tokentape.upstreams.pools.options import PoolOptions
from tokentape.upstreams.pools.places import Place
from tokentape.upstreams.pools.rest import active
from tokentape.upstreams.pools.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.upstream import Candidate, Credential, Secret, Upstream
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Name = tuple[str, str, Secret | None]

_USUAL = PoolOptions()


class Pools:
    """The state of all upstreams and their credentials.

    `clock` only goes forward, `wall` is wall-clock time (windows of days, reset dates), `random` gives
    numbers from 0 to 1. Credentials are known by upstream, name and secret: a new secret under an old name
    is a new credential.
    """

    def __init__(
        self,
        upstreams: Iterable[Upstream] = (),
        options: PoolOptions = _USUAL,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._options, self._clock, self._wall, self._random = options, clock, wall, random
        self._keys: dict[Name, Key] = {}
        self._places: dict[tuple[str, str], Place] = {}
        self._upstreams = {upstream.name: upstream for upstream in upstreams}
        self._is_declared = bool(self._upstreams)
        self._watching: dict[object, Callable[[], None]] = {}

    def lease(
        self,
        candidate: Candidate,
        *,
        call: int = 0,
        tokens: int = 0,
        prefer: str | None = None,
        only: str | None = None,
        without: Container[str] = (),
    ) -> Lease | Wait:
        """A credential for one try, counted at once, or what there is to wait for.

        `call` is the same for all tries of a call; `tokens` an estimate; `prefer` and `only` name a
        credential, `without` those that are no use.
        """
        now, upstream = self._now(), candidate.upstream
        if not self._is_declared:
            self._upstreams.setdefault(upstream.name, upstream)
        place = self._place(upstream)
        known = place.models.get(upstream.own_model(candidate.model))
        if place.rest is not None and (resting := active(place.rest, now.clock)) is not None:
            return Wait(resting.until, resting.kind, upstream.name, whole=True)
        if known is not None and (resting := active(known.rest, now.clock)) is not None:
            return Wait(resting.until, resting.kind, candidate.label, whole=True)
        group = group_of(upstream, candidate.model)
        waits = []
        for key in self._ordered(upstream, group, now, prefer):
            name = key.credential.name
            if name in without or only not in (None, name):
                continue
            got = loan_of(candidate, key, group, now, (call, tokens), self._options)
            if isinstance(got, Lease):
                return got
            waits.append(got)
        nobody = Wait(inf, FailureClass.configuration_error, f"{candidate.label}#{only or '-'}")
        soonest = min(waits, key=_soonest, default=nobody)
        return replace(soonest, busy=True) if any(wait.busy for wait in waits) else soonest

    def release(self, lease: Lease, heard: Heard | None = None, tokens: int | None = None) -> None:
        """Give a credential back, when the reply is at its end; doing it again changes nothing. `heard` None:
        the try was given up, which says nothing about the upstream. `tokens`: what the call used, if known.
        """
        if not lease.is_open:
            return
        settle(lease, heard, tokens)
        if heard is not None:
            self._judge(lease, heard)
        if self._watching:
            for callback in list(self._watching.values()):
                callback()

    def counts_tokens(self, upstream: Upstream) -> bool:
        """True if some limit of it counts tokens, so that an estimate is wanted."""
        for key in upstream.credentials:
            for window in key.limits.windows:
                if window.tokens is not None:
                    return True
        caps = self._options.caps.get(upstream.name)
        return caps is not None and any(cap.window.tokens is not None for cap in caps)

    def heard_headers(self, lease: Lease, headers: Headers) -> None:
        """Keep what a reply's rate-limit headers say. Those of a client's own key are nobody else's."""
        if not lease.candidate.upstream.passes_client_key:
            lease.group.gauges.update(gauges.read(headers, self._wall()))

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called after each release, first come first called; call the result to end it."""
        token = object()
        self._watching[token] = callback

        def stop() -> None:
            self._watching.pop(token, None)

        return stop

    def changed(self, upstreams: Iterable[Upstream], options: PoolOptions | None = None) -> None:
        """Other upstreams from now on. What is known of credentials and servers that stay is kept; leases of
        those that go stay good.
        """
        self._upstreams = {upstream.name: upstream for upstream in upstreams}
        self._is_declared = True
        if options is not None and options != self._options:
            self._adopt(options)
        declared = self._upstreams.values()
        names = {(one.name, key.name, key.secret) for one in declared for key in one.credentials}
        self._keys = {name: key for name, key in self._keys.items() if name in names}
        places = {(one.name, one.base_url) for one in declared}
        self._places = {name: place for name, place in self._places.items() if name in places}
        for callback in list(self._watching.values()):
            callback()

    def snapshot(self) -> dict[str, Json]:
        """All of it as JSON, for `/quota`."""
        now = self._now()
        found: dict[str, Json] = {}
        for name, upstream in self._upstreams.items():
            keys = [self._key(upstream, credential) for credential in upstream.credentials]
            found[name] = shown(upstream, self._place(upstream), keys, now)
        note = "counted by this gateway, in this process: an estimate; told: as the provider last said it"
        return {"note": note, "at": now.wall, "upstreams": found}

    def _judge(self, lease: Lease, heard: Heard) -> None:
        now = self._now()
        upstream = lease.candidate.upstream
        key = None if upstream.passes_client_key else lease.key
        model = upstream.own_model(lease.candidate.model)
        case = Case(self._place(upstream), model, key, lease.group, lease.call)
        if isinstance(heard, Succeeded):
            case.succeeded(lease.begun, now.clock)
        else:
            case.failed(heard, lease.begun, now.clock, self._options)

    def _adopt(self, options: PoolOptions) -> None:
        """Failures are judged by other rules from now on; what rests or is counted stays."""
        self._options = options
        for key in self._keys.values():
            key.adopt(options)
        for place in self._places.values():
            place.adopt(options)

    def _now(self) -> Moment:
        return Moment(self._clock(), self._wall())

    def _place(self, upstream: Upstream) -> Place:
        name = (upstream.name, upstream.base_url)
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = Place(self._options)
        return found

    def _key(self, upstream: Upstream, credential: Credential) -> Key:
        name = (upstream.name, credential.name, credential.secret)
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = Key(credential, self._options)
        found.credential = credential  # its limits may have changed
        return found

    def _ordered(self, upstream: Upstream, group: str, now: Moment, first: str | None) -> list[Key]:
        keys = [self._key(upstream, credential) for credential in upstream.credentials]
        if len(keys) <= 1:
            return keys
        if self._options.fair_cycle:
            turn(keys, group, now.clock)
        return ordered(
            keys,
            upstream.selection,
            used_up=lambda key: is_used_up(key, group, now.clock),
            tolerance=self._options.tolerance,
            random=self._random,
            first=first,
        )


def _soonest(wait: Wait) -> tuple[bool, float]:
    """A dead key is no reason to name while another is merely waited for."""
    return wait.kind in DEAD, wait.until
