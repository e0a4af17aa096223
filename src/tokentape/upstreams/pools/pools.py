"""Leases of credentials, and what their calls came to. For one event loop; nothing here waits."""

from __future__ import annotations

import random as chance
import time
from math import inf
from typing import TYPE_CHECKING

from tokentape.upstreams.failures import DEAD, Failed, FailureClass, Succeeded
from tokentape.upstreams.pools import gauges
from tokentape.upstreams.pools.choosing import ordered
from tokentape.upstreams.pools.counting import Moment
from tokentape.upstreams.pools.judging import Case
from tokentape.upstreams.pools.keys import Key
from tokentape.upstreams.pools.leases import Lease, Wait
from tokentape.upstreams.pools.options import PoolOptions
from tokentape.upstreams.pools.places import Place
from tokentape.upstreams.pools.rest import active
from tokentape.upstreams.pools.showing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.pools.counting import Count
    from tokentape.upstreams.pools.keys import Group
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
        model = upstream.own_model(candidate.model)
        known = place.models.get(model)
        rests = ((upstream.name, place.rest), (candidate.label, known.rest if known else None))
        for what, rest in rests:
            if (resting := active(rest, now.clock)) is not None:
                return Wait(resting.until, resting.kind, what, whole=True)
        group = upstream.quota_group(candidate.model)
        keys = [self._key(upstream, one) for one in upstream.credentials if _fits(one, only, without)]
        waits = []
        for key in self._ordered(upstream, keys, group, now, prefer):
            wait = self._wait(candidate, key, group, now, tokens)
            if wait is None:
                return self._taken(candidate, key, key.group(group, now), now, (call, tokens))
            waits.append(wait)
        nobody = Wait(inf, FailureClass.configuration_error, f"{candidate.label}#{only or '-'}")
        return min(waits, key=_soonest, default=nobody)

    def release(self, lease: Lease, heard: Heard | None = None, tokens: int | None = None) -> None:
        """Give a credential back, when the reply is at its end; doing it again changes nothing. `heard` None:
        the try was given up, which says nothing about the upstream. `tokens`: what the call used, if known.
        """
        if not lease.is_open:
            return
        lease.is_open = False
        lease.key.in_flight -= 1
        lease.group.in_flight -= 1
        _settle(lease, heard, tokens)
        if heard is not None:
            self._judge(lease, heard)
        for callback in list(self._watching.values()):
            callback()

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
        self._options = options or self._options
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

    def _ordered(
        self, upstream: Upstream, keys: list[Key], group: str, now: Moment, first: str | None
    ) -> list[Key]:
        if len(keys) == 1:
            return keys
        if self._options.fair_cycle:
            _turn(keys, group, now.clock)
        return ordered(
            keys,
            upstream.selection,
            used_up=lambda key: _is_used_up(key, group, now.clock),
            tolerance=self._options.tolerance,
            random=self._random,
            first=first,
        )

    def _wait(self, candidate: Candidate, key: Key, group: str, now: Moment, tokens: int) -> Wait | None:
        upstream, state = candidate.upstream, key.group(group, now)
        what = f"{candidate.label}#{key.credential.name}"
        rests = () if upstream.passes_client_key else (key.rest, state.rest)
        resting = [found for rest in rests if (found := active(rest, now.clock)) is not None]
        waits = [Wait(rest.until, rest.kind, what) for rest in resting]
        for count in self._counts(upstream, key, state, group):
            if (seconds := count.wait(now, tokens)) > 0:
                is_long = count.window.seconds >= self._options.used_up
                if is_long and self._options.fair_cycle:
                    state.used_up = max(state.used_up, now.clock + count.reset(now))
                kind = FailureClass.quota_exceeded if is_long else FailureClass.rate_limit
                waits.append(Wait(now.clock + seconds, kind, what))
        most = key.credential.limits.concurrent
        if not waits and most is not None and key.in_flight >= most:
            return Wait(inf, FailureClass.rate_limit, what, busy=True)
        return max(waits, key=lambda wait: wait.until, default=None)

    def _counts(self, upstream: Upstream, key: Key, state: Group, group: str) -> list[Count]:
        found = [state.count(window) for window in key.credential.limits.windows]
        for cap in self._options.caps.get(upstream.name, ()):
            if cap.credential not in (None, key.credential.name):
                continue
            if cap.model is None:
                found.append(key.cap(cap.window))
            elif upstream.quota_group(cap.model) == group and state.count(cap.window) not in found:
                found.append(state.count(cap.window))
        return found

    def _taken(
        self, candidate: Candidate, key: Key, state: Group, now: Moment, told: tuple[int, int]
    ) -> Lease:
        call, tokens = told
        group = candidate.upstream.quota_group(candidate.model)
        lease = Lease(candidate, key.credential, call, now.clock, key, state)
        for count in self._counts(candidate.upstream, key, state, group):
            reserved = count.reserved(tokens)
            lease.tickets.append((count, count.add(now, reserved), reserved))
        key.in_flight += 1
        key.uses += 1
        state.in_flight += 1
        return lease


def _fits(credential: Credential, only: str | None, without: Container[str]) -> bool:
    return credential.name not in without and only in (None, credential.name)


def _soonest(wait: Wait) -> tuple[bool, float]:
    """A dead key is no reason to name while another is merely waited for; a busy one may be free any time."""
    return wait.kind in DEAD, -inf if wait.busy else wait.until


def _settle(lease: Lease, heard: Heard | None, tokens: int | None) -> None:
    """Correct what was counted: what never arrived was no call, and a failed one used nothing unless told."""
    failed = isinstance(heard, Failed)
    unsent = isinstance(heard, Failed) and not heard.reached
    for _count, bundle, reserved in lease.tickets:
        used = tokens if tokens is not None else 0 if failed else reserved
        bundle.tokens += (0 if unsent else used) - reserved
        bundle.requests -= unsent


def _is_used_up(key: Key, group: str, now: float) -> bool:
    state = key.groups.get(group)
    return state is not None and state.used_up > now


def _turn(keys: list[Key], group: str, now: float) -> None:
    """Begin a new cycle in each tier whose keys are all used up."""
    for priority in {key.credential.priority for key in keys}:
        tier = [key for key in keys if key.credential.priority == priority]
        if all(_is_used_up(key, group, now) for key in tier):
            for key in tier:
                key.groups[group].used_up = 0.0
