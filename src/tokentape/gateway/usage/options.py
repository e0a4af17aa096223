"""What is kept of usage, where, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.metering.price import Price

DIRECTORY = ".tokentape/usage"
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class UsageOptions:
    """`directory` None (or ""): sums in memory alone. `max_age` (seconds) and `max_bytes` bound the files.

    `prices` replace the published ones, by the exact name of a model. `interval` is how long a request may
    wait until it is in its file: what a crash of the process (not of the machine) can lose.
    """

    enabled: bool = True
    directory: str | None = DIRECTORY
    max_age: float = 400 * DAY
    max_bytes: int = 1 << 30
    prices: Mapping[str, Price] = field(default_factory=dict)
    interval: float = 0.5
