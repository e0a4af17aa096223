"""The budget, as calls that run at once hold it: who may have to wait, waits here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.budget import Budget, May

if TYPE_CHECKING:
    from tokentape.metering.cost import Cost


class Purse:
    """For one event loop."""

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or Budget()
        self._settled = asyncio.Event()

    @property
    def over(self) -> str:
        """Why nothing more is asked."""
        return self.budget.over

    async def hold(self, worst: Cost) -> bool:
        """True once a call may be asked that costs `worst` at most; False: it may not."""
        while True:
            settled = self._settled
            may = self.budget.hold(worst)
            if may is not May.WAIT:
                return may is May.GO
            await settled.wait()

    def settle(self, worst: Cost, actual: Cost) -> None:
        """A call is over; those that wait look again."""
        self.budget.settle(worst, actual)
        self._settled.set()
        self._settled = asyncio.Event()
