"""Seven upstreams, one for each dialect and named so, and what is heard of them."""

from __future__ import annotations

from loop_gateway import MODELS
from running import setup, upstream

from tokentape.upstreams.retrying import Policy, RetryOptions

ONCE = Policy(RetryOptions(max_retries=0))


def seven(url, **more):
    """A configuration. Whatever model is asked for, each upstream has its own."""
    made = [
        upstream(url, dialect, dialect, models=dict.fromkeys(MODELS.values(), model))
        for dialect, model in MODELS.items()
    ]
    return setup(*made, policy=ONCE, **more)


class Listened:
    """What the loops ask of a gateway: `url`, `heard`, `lost`."""

    def __init__(self, gateway, told):
        self.gateway, self.told = gateway, told
        self.heard, self.lost = told.heard, told.lost

    def url(self, dialect, *prefixes):
        """Where an SDK is pointed at, to reach the upstream of `dialect`."""
        return "/".join((self.gateway.url, *prefixes, "to", dialect))

    def forget(self):
        self.told.forget()
