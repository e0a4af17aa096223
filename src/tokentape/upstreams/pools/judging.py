"""What a success or a failure of one call changes: rests and histories, at every scope it speaks about.

key, all models      refused (401), no token, no money
key, quota group     limits (429), forbidden (403), server failures
model                server failures, whatever the key
upstream             no connection; server failures of several models
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.failures import SERVER_FAILURES, FailureClass
from tokentape.upstreams.pools.rest import Rest, after_success, later

if TYPE_CHECKING:
    from tokentape.upstreams.failures import Failed
    from tokentape.upstreams.pools.history import History
    from tokentape.upstreams.pools.keys import Group, Key
    from tokentape.upstreams.pools.options import PoolOptions
    from tokentape.upstreams.pools.places import Place

_LONG = frozenset({FailureClass.rate_limit, FailureClass.quota_exceeded})


class Case:
    """One call at its end: `key` is None where the client's own key was used, which is no key of the pool."""

    def __init__(self, place: Place, model: str, key: Key | None, group: Group, call: int) -> None:
        self.place, self.model, self.key, self.group, self.call = place, model, key, group, call

    def succeeded(self, begun: float, now: float) -> None:
        """All that failures of late made is over, at every scope."""
        place, model, key, group = self.place, self.place.model(self.model, now), self.key, self.group
        for history in (place.host, place.servers, model.history):
            history.succeeded()
        if key is not None:
            key.history.succeeded()
            group.history.succeeded()
        for scope in (place, model) if key is None else (place, model, key, group):
            if scope.rest is not None:
                scope.rest = after_success(scope.rest, begun)

    def failed(self, failed: Failed, begun: float, now: float, options: PoolOptions) -> None:
        """Rest what the failure speaks about, if it is enough for that."""
        if self.key is not None:
            self._key(self.key, failed, begun, now, options)
        if failed.kind is FailureClass.api_connection:
            self.place.rest = self._rested(self.place.rest, self.place.host, failed, begun, now)
        elif failed.kind in SERVER_FAILURES:
            model = self.place.model(self.model, now)
            model.rest = self._rested(model.rest, model.history, failed, begun, now)
            self.place.rest = self._rested(self.place.rest, self.place.servers, failed, begun, now)

    def _key(self, key: Key, failed: Failed, begun: float, now: float, options: PoolOptions) -> None:
        kind, group = failed.kind, self.group
        if kind is FailureClass.authentication:
            key.rest = later(key.rest, Rest(now, now + options.dead_rest, kind))
        elif kind is FailureClass.forbidden:
            group.rest = later(group.rest, Rest(now, now + options.dead_rest, kind))
        elif kind is FailureClass.billing:
            key.rest = later(key.rest, _told(failed, now, options.dead_rest))
        elif kind is FailureClass.credential_reauth_needed:
            key.rest = self._rested(key.rest, key.history, failed, begun, now)
        elif kind is FailureClass.quota_exceeded:
            group.rest = later(group.rest, _told(failed, now, options.quota_rest))
        elif kind is FailureClass.rate_limit or kind in SERVER_FAILURES:
            if failed.retry_after is not None:
                group.rest = later(group.rest, _told(failed, now, failed.retry_after))
            elif kind is not FailureClass.api_connection:
                group.rest = self._rested(group.rest, group.history, failed, begun, now)
        if kind in _LONG and group.rest is not None and group.rest.until - now >= options.used_up:
            group.used_up = max(group.used_up, now + options.cycle)

    def _rested(
        self, old: Rest | None, history: History, failed: Failed, begun: float, now: float
    ) -> Rest | None:
        length = history.failed(now, begun, self.call, self.model)
        return old if length is None else later(old, Rest(now, now + length, failed.kind))


def _told(failed: Failed, now: float, usual: float) -> Rest:
    """A rest of one failure: exactly as long as the provider asked, else as usual."""
    asked = failed.retry_after
    return Rest(now, now + (usual if asked is None else asked), failed.kind, told=asked is not None)
