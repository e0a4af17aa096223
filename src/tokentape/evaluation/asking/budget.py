"""How much may be spent: it stops before the call that could go over, with what is under way at its worst."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.metering.cost import Cost

_NONE = Decimal(0)


class May(Enum):
    """What a call may do."""

    GO = auto()
    WAIT = auto()
    """What is under way may cost less than its worst: ask again when a call has ended."""
    STOP = auto()


class Budget:
    """Money for one run, in USD; `most` None: as much as it takes, and it is counted all the same.

    Every call is `hold` before it is asked and `settle`d after. Once it is over, it stays so.
    """

    def __init__(self, most: Decimal | None = None) -> None:
        self.most = most
        self.spent = _NONE
        self.held = _NONE
        self.unpriced = 0
        """Calls that were asked at a cost that nobody knows."""
        self.over = ""
        """Why nothing more is asked; "" while something may be."""
        self._under_way = 0

    def hold(self, worst: Cost) -> May:
        """Ask for a call that costs `worst` at most."""
        if self.over:
            return May.STOP
        if self.most is not None:
            if worst.usd is None:
                self.over = f"the cost of a call cannot be bounded: {worst.reason}"
                return May.STOP
            left = self.most - self.spent
            if worst.usd > left - self.held:
                if self._under_way:
                    return May.WAIT
                self.over = (
                    f"the budget of ${self.most} is used up: ${_round(self.spent)} are spent, and the next "
                    f"call may cost up to ${_round(worst.usd)}"
                )
                return May.STOP
        self.held += worst.usd or _NONE
        self._under_way += 1
        return May.GO

    def settle(self, worst: Cost, actual: Cost) -> None:
        """The call is over. One whose cost cannot be known is counted at its worst."""
        self.held -= worst.usd or _NONE
        self._under_way -= 1
        usd = actual.usd if actual.usd is not None else worst.usd
        self.spent += usd or _NONE
        self.unpriced += actual.usd is None


def _round(usd: Decimal) -> Decimal:
    """To a hundredth of a cent, as people read it."""
    return usd.quantize(Decimal("0.0001"))
