"""What is known of one credential, and of each group of models that share a quota under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.pools.counting import Bundle, Count, Moment
from tokentape.upstreams.pools.history import History
from tokentape.upstreams.pools.rest import active

if TYPE_CHECKING:
    from tokentape.upstreams.pools.gauges import Gauge
    from tokentape.upstreams.pools.options import PoolOptions
    from tokentape.upstreams.pools.rest import Rest
    from tokentape.upstreams.upstream import Credential, Window

_GROUPS = 256
_MOST_GROUPS = 4096
"""Clients name models freely: beyond the first figure what is known of idle ones is forgotten, beyond the
second the oldest go, whatever is known.
"""


class Group:
    """A credential's state for the models of one quota."""

    def __init__(self, options: PoolOptions) -> None:
        self.rest: Rest | None = None
        self.history = History(options.key)
        self.counts: dict[Window, Count] = {}
        self.used_up = 0.0
        """Behind the others of its tier until then."""
        self.gauges: dict[str, Gauge] = {}
        self.in_flight = 0

    def is_idle(self, now: Moment) -> bool:
        """True if forgetting it loses nothing that decides."""
        return (
            not self.in_flight
            and active(self.rest, now.clock) is None
            and self.used_up <= now.clock
            and self.history.is_clear(now.clock)
            and not any(count.reset(now) for count in self.counts.values())
        )

    def count(self, window: Window) -> Count:
        """What that window has seen."""
        found = self.counts.get(window)
        if found is None:
            found = self.counts[window] = Count(window)
        return found


class Key:
    """A credential's state."""

    def __init__(self, credential: Credential, options: PoolOptions) -> None:
        self.credential, self._options = credential, options
        self.in_flight = 0
        self.uses = 0
        self.rest: Rest | None = None
        self.history = History(options.key)
        self.caps: dict[Window, Count] = {}
        """Of all models together."""
        self.groups: dict[str, Group] = {}
        self._room = _GROUPS

    def group(self, name: str, now: Moment) -> Group:
        """The state for a group, made when it is first asked for."""
        found = self.groups.get(name)
        if found is None:
            if len(self.groups) >= self._room:
                self._forget(now)
            found = self.groups[name] = Group(self._options)
        return found

    def cap(self, window: Window) -> Count:
        """What a window over all models has seen."""
        found = self.caps.get(window)
        if found is None:
            found = self.caps[window] = Count(window)
        return found

    def adopt(self, options: PoolOptions) -> None:
        """Other rules: failures of late are forgotten, rests and counts stay."""
        self._options, self.history = options, History(options.key)
        for group in self.groups.values():
            group.history = History(options.key)

    def _forget(self, now: Moment) -> None:
        for name in [name for name, group in self.groups.items() if group.is_idle(now)]:
            del self.groups[name]
        spare = [name for name, group in self.groups.items() if not group.in_flight]
        for name in spare[: max(len(self.groups) - _MOST_GROUPS + 1, 0)]:
            del self.groups[name]
        self._room = max(_GROUPS, min(2 * len(self.groups), _MOST_GROUPS))


Ticket = tuple[Count, Bundle, int]
"""Where a call was counted, and how many tokens for it."""
