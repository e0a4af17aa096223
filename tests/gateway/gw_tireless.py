"""Pools in which nothing rests, whatever fails: what tests of failures ask next is asked at once."""

from __future__ import annotations

from tokentape.upstreams.pools.options import Cooling, PoolOptions
from tokentape.upstreams.pools.pools import Pools

_NEVER = Cooling(threshold=1_000_000)
_TIRELESS = PoolOptions(dead_rest=1e-6, quota_rest=1e-6, key=_NEVER, model=_NEVER, upstream=_NEVER)


def tireless(services):
    """Before the gateway starts."""
    services.pools = Pools(options=_TIRELESS)
