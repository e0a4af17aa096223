"""Whether a key may be lent now, what is counted when it is, and what is put right when it comes back."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from tokentape.upstreams.failures import Failed, FailureClass
from tokentape.upstreams.pools.leases import Lease, Wait
from tokentape.upstreams.pools.rest import active

if TYPE_CHECKING:
    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.pools.counting import Count, Moment
    from tokentape.upstreams.pools.keys import Group, Key
    from tokentape.upstreams.pools.options import PoolOptions
    from tokentape.upstreams.upstream import Candidate, Upstream


def group_of(upstream: Upstream, model: str) -> str:
    """The group whose quota a model uses: as it is declared, under either of its names, else the upstream's
    own name for it, so that two names of one model share what is known.
    """
    own = upstream.own_model(model)
    if not upstream.quota_groups:
        return own
    is_declared = any(model in group for group in upstream.quota_groups)
    return upstream.quota_group(model if is_declared else own)


def counts_of(upstream: Upstream, key: Key, state: Group, group: str, options: PoolOptions) -> list[Count]:
    """The windows that a call counts in: the key's own for this group, and the caps that apply."""
    found = [state.count(window) for window in key.credential.limits.windows]
    for cap in options.caps.get(upstream.name, ()):
        if cap.credential not in (None, key.credential.name):
            continue
        if cap.model is None:
            found.append(key.cap(cap.window))
        elif group_of(upstream, cap.model) == group and state.count(cap.window) not in found:
            found.append(state.count(cap.window))
    return found


def loan_of(
    candidate: Candidate, key: Key, group: str, now: Moment, told: tuple[int, int], options: PoolOptions
) -> Lease | Wait:
    """The key on loan to a call, `told` its number and tokens, and counted; or what there is to wait for."""
    state = key.group(group, now)
    counts = counts_of(candidate.upstream, key, state, group, options)
    limits = key.credential.limits.concurrent is not None or counts
    if limits or key.rest is not None or state.rest is not None:  # as it seldom is
        wait = _wait_for(candidate, key, state, now, told[1], counts, options)
        if wait is not None:
            return wait
    return _lent(candidate, key, state, now, told, counts)


def _wait_for(
    candidate: Candidate,
    key: Key,
    state: Group,
    now: Moment,
    tokens: int,
    counts: list[Count],
    options: PoolOptions,
) -> Wait | None:
    """What there is to wait for before this key may go; None: it may."""
    upstream, most = candidate.upstream, key.credential.limits.concurrent
    rests = [rest for rest in (key.rest, state.rest) if rest is not None]
    what = f"{candidate.label}#{key.credential.name}"
    resting = [] if upstream.passes_client_key else [rest for rest in rests if active(rest, now.clock)]
    waits = [Wait(rest.until, rest.kind, what) for rest in resting]
    for count in counts:
        if (seconds := count.wait(now, tokens)) > 0:
            is_long = count.window.seconds >= options.used_up
            if is_long and options.fair_cycle:
                state.used_up = max(state.used_up, now.clock + count.reset(now))
            kind = FailureClass.quota_exceeded if is_long else FailureClass.rate_limit
            waits.append(Wait(now.clock + seconds, kind, what))
    if not waits and most is not None and key.in_flight >= most:
        return Wait(inf, FailureClass.rate_limit, what, busy=True)
    return max(waits, key=lambda wait: wait.until, default=None)


def _lent(
    candidate: Candidate, key: Key, state: Group, now: Moment, told: tuple[int, int], counts: list[Count]
) -> Lease:
    call, tokens = told
    lease = Lease(candidate, key.credential, call, now.clock, key, state)
    for count in counts:
        reserved = count.reserved(tokens)
        lease.tickets.append((count, count.add(now, reserved), reserved))
    key.in_flight += 1
    key.uses += 1
    state.in_flight += 1
    return lease


def settle(lease: Lease, heard: Heard | None, tokens: int | None) -> None:
    """Take it back. What never arrived was no call, and a failed one used nothing unless told."""
    lease.is_open = False
    lease.key.in_flight -= 1
    lease.group.in_flight -= 1
    failed = isinstance(heard, Failed)
    unsent = isinstance(heard, Failed) and not heard.reached
    for count, bundle, reserved in lease.tickets:
        used = tokens if tokens is not None else 0 if failed else reserved
        count.correct(bundle, -unsent, (0 if unsent else used) - reserved)
