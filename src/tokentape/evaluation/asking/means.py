"""What asking takes, for all targets of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.upstreams.retrying import Policy, RetryOptions

if TYPE_CHECKING:
    from tokentape.evaluation.asking.charge import Prices
    from tokentape.evaluation.asking.purse import Purse
    from tokentape.evaluation.asking.question import Changes
    from tokentape.upstreams.pools.pools import Pools
    from tokentape.upstreams.sending import Sender

PATIENT = Policy(
    RetryOptions(budget=600.0, max_retries=5, max_attempts=20, same_key_below=600.0, base=1.0, most=30.0)
)
"""Nobody waits for a single answer here, so a limit is waited for rather than told."""


@dataclass(frozen=True, slots=True)
class Means:
    """`prices` are one's own; published ones count besides."""

    sender: Sender
    pools: Pools
    purse: Purse
    policy: Policy = PATIENT
    changes: Changes = UNCHANGED
    prices: Prices = None
