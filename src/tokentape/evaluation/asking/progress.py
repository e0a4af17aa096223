"""How far a run is, as data: for a line that is drawn again and again, and for the words at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.outcome import Answer, Left, Shared, Skipped

if TYPE_CHECKING:
    from tokentape.evaluation.asking.outcome import Result


@dataclass(slots=True)
class Progress:
    """Of one target. `asked` questions were answered now, `recalled` ones in an earlier run; `left` remain to
    be asked, for `reasons`; `shared` ones come to the same request as another one, and are asked with it.
    `usd` is what the new answers cost, `unpriced` how many of them nobody can price. `over`: why nothing more
    is asked.
    """

    asked: int = 0
    recalled: int = 0
    skipped: int = 0
    failed: int = 0
    left: int = 0
    shared: int = 0
    under_way: int = 0
    usd: Decimal = Decimal(0)
    unpriced: int = 0
    unkept: int = 0
    over: str = ""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why questions were skipped, failed or left, and how often."""

    @property
    def done(self) -> int:
        """How many questions need no more asking: failed ones do, and those that are left."""
        return self.asked + self.recalled + self.skipped + self.shared

    @property
    def seen(self) -> int:
        """How many questions were looked at."""
        return self.done + self.failed + self.left

    def count(self, result: Result) -> None:
        """One more."""
        if isinstance(result, Answer):
            self._answered(result)
            return
        if isinstance(result, Shared):
            self.shared += 1
            return
        if isinstance(result, Skipped):
            self.skipped += 1
        elif isinstance(result, Left):
            self.left += 1
        else:
            self.failed += 1
        self.reasons[result.reason] += 1

    def _answered(self, answer: Answer) -> None:
        if not answer.is_new:
            self.recalled += 1
            return
        self.asked += 1
        self.unkept += not answer.is_kept
        if answer.cost.usd is None:
            self.unpriced += 1
        else:
            self.usd += answer.cost.usd
