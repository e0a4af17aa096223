"""When the same is tried again, what moves on to the next target, and what stops a call: the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tokentape.errors import UsageError
from tokentape.upstreams.failure_names import classes_of
from tokentape.upstreams.failures import FailureClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Random = Callable[[], float]

HARD_STOP = frozenset({FailureClass.configuration_error, FailureClass.pre_request, FailureClass.cancelled})
"""What always stops: asking elsewhere would hide a mistake, go around a rule, or serve nobody."""

FAILOVER_ON = frozenset(
    {
        FailureClass.rate_limit,
        FailureClass.quota_exceeded,
        FailureClass.billing,
        FailureClass.server_error,
        FailureClass.overloaded,
        FailureClass.api_connection,
        FailureClass.timeout,
        FailureClass.incomplete,
        FailureClass.unsupported_operation,
    }
)
"""What moves on unless a policy says otherwise: another target may well answer the same request. Everything
else stops: the request is at fault, or a person must mend something.
"""

Streaming = Literal["pre_output_only", "never"]


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Trying the same target again. Seconds where it is a time.

    `budget` bounds the whole call up to the start of its last attempt; an attempt itself lasts as long as
    the upstream's times allow. `max_retries` counts per credential and target. `same_key_below`: a key that
    is to be left alone for less than this is waited for, before another target is asked. `base` and `most`:
    the wait before a retry is random between 0 and base·2ⁿ, at most `most`.
    """

    budget: float = 30.0
    max_retries: int = 2
    max_attempts: int = 10
    same_key_below: float = 10.0
    base: float = 0.5
    most: float = 8.0

    def __post_init__(self) -> None:
        wrong = [name for name in self.__slots__ if not getattr(self, name) >= 0]
        if wrong:
            raise UsageError(f"retry: {', '.join(wrong)} must be 0 or more")
        if self.max_attempts < 1:
            raise UsageError("retry: max_attempts must be 1 or more")


def backoff(options: RetryOptions, retry: int, random: Random) -> float:
    """Seconds before retry number `retry` (from 0): full jitter, so that clients do not come back at once."""
    return random() * min(options.most, options.base * float(1 << min(retry, 32)))


@dataclass(frozen=True, slots=True)
class Policy:
    """What one call, or one fallback group, does about failures.

    `failover_on` is the whole list of what moves on; everything else stops. `streaming` "never": a streamed
    call asks one target only. `max_targets`: how many targets are asked at most.
    `only_affinity`: a call that is bound to a credential is never asked with another.
    """

    retry: RetryOptions = field(default_factory=RetryOptions)
    failover_on: frozenset[FailureClass] = FAILOVER_ON
    streaming: Streaming = "pre_output_only"
    max_targets: int | None = None
    only_affinity: bool = False

    def __post_init__(self) -> None:
        if forbidden := self.failover_on & HARD_STOP:
            raise UsageError(f"failover_on: {_listed(forbidden)} always stops; take it out")
        if self.streaming not in ("pre_output_only", "never"):
            raise UsageError(f"stream={self.streaming!r} is not known; use 'pre_output_only' or 'never'")
        if self.max_targets is not None and self.max_targets < 1:
            raise UsageError("max_targets must be 1 or more")

    def moves_on(self, kind: FailureClass) -> bool:
        """True if another target may be asked after such a failure."""
        return kind in self.failover_on and kind not in HARD_STOP


def moving(
    failover_on: Iterable[str | int] | None = None, stop_on: Iterable[str | int] | None = None
) -> frozenset[FailureClass]:
    """`Policy.failover_on` of what a configuration says, by any name. `failover_on` replaces the usual list;
    `stop_on` takes from it. A failure in both, or a hard stop in the first, is a mistake.
    """
    moves = FAILOVER_ON if failover_on is None else classes_of(failover_on, "failover_on")
    stops = frozenset() if stop_on is None else classes_of(stop_on, "stop_on")
    if forbidden := moves & HARD_STOP:
        raise UsageError(f"failover_on: {_listed(forbidden)} always stops; take it out")
    if failover_on is not None and (both := moves & stops):
        raise UsageError(f"{_listed(both)} stands in failover_on and in stop_on; take it out of one")
    return moves - stops


def _listed(kinds: Iterable[FailureClass]) -> str:
    return ", ".join(sorted(kinds))
