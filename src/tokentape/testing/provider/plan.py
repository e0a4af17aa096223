"""What tests have planned for the requests to come."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.testing.provider.exchange import Exchange
    from tokentape.testing.provider.faults import Change
    from tokentape.testing.provider.script import Script


@dataclass(frozen=True, slots=True)
class Planned:
    """One plan: how the script comes about, for which requests, and how often (None: always).

    `path` must end the request's path. `generated` plans wait for a request that generates a reply.
    """

    make: Callable[[Exchange], Script]
    path: str = ""
    times: int | None = 1
    generated: bool = False
    change: Change | None = None

    def fits(self, exchange: Exchange) -> bool:
        """Whether the plan is meant for this request."""
        return exchange.seen.path.endswith(self.path) and (exchange.route.generates or not self.generated)

    def script(self, exchange: Exchange) -> Script:
        """The script of the plan, changed as asked."""
        script = self.make(exchange)
        return script if self.change is None else self.change(script)


class Plan:
    """Plans in the order made; each request takes the first that fits. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Planned] = []

    def add(self, planned: Planned) -> None:
        """Plan for later requests."""
        if planned.times is not None and planned.times < 1:
            raise ValueError(f"times must be at least 1, not {planned.times}")
        with self._lock:
            self._planned.append(planned)

    def take(self, exchange: Exchange) -> Planned | None:
        """The plan for this request, used up by one; None if there is none."""
        if not self._planned:
            return None
        with self._lock:
            for i, planned in enumerate(self._planned):
                if planned.fits(exchange):
                    self._use(i, planned)
                    return planned
        return None

    def clear(self) -> None:
        """Forget everything planned."""
        with self._lock:
            self._planned.clear()

    def __len__(self) -> int:
        """How many plans were not used up."""
        return len(self._planned)

    def _use(self, i: int, planned: Planned) -> None:
        if planned.times == 1:
            del self._planned[i]
        elif planned.times is not None:
            self._planned[i] = replace(planned, times=planned.times - 1)
