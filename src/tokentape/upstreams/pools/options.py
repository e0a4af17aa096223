"""What may be set about pools, with the usual values. All times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.upstreams.upstream import Window


@dataclass(frozen=True, slots=True)
class Cooling:
    """When failures make a rest: `threshold` calls failed within `window`, and none succeeded since the
    first. The n-th rest in a row lasts base·2ⁿ⁻¹, at most `most`.
    """

    threshold: int = 3
    window: float = 60.0
    base: float = 10.0
    most: float = 300.0

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise UsageError("cooldown: threshold must be 2 or more; one failure is no reason for a rest")
        if min(self.window, self.base, self.most) <= 0:
            raise UsageError("cooldown: window, base and most must be above 0")


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit of one's own, below the provider's: for each credential, or the one named; for all models
    together, or for the quota group of the model named.
    """

    window: Window
    credential: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How pools choose and how long things rest.

    `tolerance`: how far "balanced" may stray from the least used key; 0: not at all. `fair_cycle`: a key
    that was used up goes behind the others of its tier until they are used up too, or its window resets, or
    `cycle` is over; a rest of `used_up` or more, or a full window as long, is being used up.
    `dead_rest`: after a refused key; `quota_rest`: after a quota that does not say when it resets.
    """

    tolerance: float = 3.0
    fair_cycle: bool = True
    cycle: float = 7 * 86_400.0
    used_up: float = 300.0
    dead_rest: float = 300.0
    quota_rest: float = 300.0
    key: Cooling = Cooling()
    model: Cooling = Cooling()
    upstream: Cooling = Cooling()
    caps: Mapping[str, tuple[Cap, ...]] = field(default_factory=dict)
    """By upstream."""
