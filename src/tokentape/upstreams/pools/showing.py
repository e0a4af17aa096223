"""What is known of an upstream as JSON, for people and `/quota`. No secret gets near it."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tokentape.upstreams.pools.rest import active

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.upstreams.pools.counting import Count, Moment
    from tokentape.upstreams.pools.gauges import Gauge
    from tokentape.upstreams.pools.keys import Group, Key
    from tokentape.upstreams.pools.places import Place
    from tokentape.upstreams.pools.rest import Rest
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def shown(upstream: Upstream, place: Place, keys: Iterable[Key], now: Moment) -> Fields:
    """One upstream: its own rest, its models' rests, and its keys by name."""
    rests: Fields = {
        name: _rest(resting, now)
        for name, model in place.models.items()
        if (resting := active(model.rest, now.clock)) is not None
    }
    whole = active(place.rest, now.clock)
    return {
        "state": "resting" if whole else "ready",
        "rest": _rest(whole, now),
        "selection": upstream.selection,
        "resting_models": rests,
        "keys": {key.credential.name: _key(key, now) for key in keys},
    }


def _key(key: Key, now: Moment) -> Fields:
    rest = active(key.rest, now.clock)
    most = key.credential.limits.concurrent
    is_busy = most is not None and key.in_flight >= most
    return {
        "state": _state(rest) if rest else "busy" if is_busy else "ready",
        "rest": _rest(rest, now),
        "priority": key.credential.priority,
        "in_flight": key.in_flight,
        "concurrent": most,
        "uses": key.uses,
        "counted": [_count(count, now) for count in key.caps.values()],
        "groups": {name: _group(group, now) for name, group in key.groups.items()},
    }


def _group(group: Group, now: Moment) -> Fields:
    rest = active(group.rest, now.clock)
    is_full = any(count.wait(now, 0) for count in group.counts.values())
    return {
        "state": _state(rest) if rest else "limited" if is_full else "ready",
        "rest": _rest(rest, now),
        "used_up_for": max(round(group.used_up - now.clock, 3), 0.0) or None,
        "counted": [_count(count, now) for count in group.counts.values()],
        "told": {name or "all": _gauge(gauge) for name, gauge in group.gauges.items()},
    }


def _state(rest: Rest) -> str:
    """A refused key needs a person; a limited one needs time; a resting one may be well already."""
    if rest.is_dead:
        return "dead"
    return "limited" if rest.is_limit else "resting"


def _rest(rest: Rest | None, now: Moment) -> Json:
    if rest is None:
        return None
    return {"reason": rest.kind.value, "seconds": round(rest.until - now.clock, 3), "told": rest.told}


def _count(count: Count, now: Moment) -> Json:
    requests, tokens = count.used(now)
    window, reset = count.window, count.reset(now)
    return {
        "seconds": window.seconds,
        "begins": "rolling" if window.offset is None else window.offset,
        "requests": requests,
        "of_requests": window.requests,
        "tokens": tokens,
        "of_tokens": window.tokens,
        "resets_in": round(reset, 3) if isfinite(reset) else None,
        "estimate": True,
    }


def _gauge(gauge: Gauge) -> Json:
    return {"limit": gauge.limit, "remaining": gauge.remaining, "resets_at": gauge.resets, "at": gauge.at}
