"""What asking takes, for all targets of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.upstreams.pools.options import Cooling, PoolOptions
from tokentape.upstreams.retrying import Policy, RetryOptions

if TYPE_CHECKING:
    from tokentape.evaluation.asking.charge import Prices
    from tokentape.evaluation.asking.purse import Purse
    from tokentape.evaluation.asking.question import Changes
    from tokentape.upstreams.destinations import FetchOptions
    from tokentape.upstreams.fetching import Fetcher
    from tokentape.upstreams.pools.pools import Pools
    from tokentape.upstreams.sending import Sender

PATIENT = Policy(
    RetryOptions(budget=1800.0, max_retries=5, max_attempts=20, same_key_below=1800.0, base=1.0, most=30.0)
)
"""Nobody waits for a single answer here, so a limit is waited for rather than told, up to half an hour."""

_SLOW = Cooling(threshold=30, base=10.0, most=60.0)
RESTING = PoolOptions(key=_SLOW, model=_SLOW, upstream=_SLOW, dead_rest=0.0, quota_rest=0.0)
"""A gateway asks elsewhere once a server fails three times, or refuses a key. Here there is nowhere else, and
with eight calls at a time three failures say little: each call is tried again by itself, and only what is
down rests, or what said until when. Whether a target is to be given up is `Patience`'s to judge.
"""


@dataclass(frozen=True, slots=True)
class Means:
    """`pools` are made with `RESTING`, as a rule. `prices` are one's own; published ones count besides.
    `fetching` gets what URLs show, for targets that fetch nothing; None: such questions are skipped.
    """

    sender: Sender
    pools: Pools
    purse: Purse
    policy: Policy = PATIENT
    changes: Changes = UNCHANGED
    prices: Prices = None
    fetching: tuple[Fetcher, FetchOptions] | None = None
