"""What is asked, of whom, within which limits, and how the answers are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.answers import ANSWERS
from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.means import PATIENT, RESTING
from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.evaluation.asking.schedule import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tokentape.cassettes.stores.base import Store
    from tokentape.evaluation.asking.charge import Prices
    from tokentape.evaluation.asking.question import Changes
    from tokentape.evaluation.comparing.comparator import Asking, Comparator
    from tokentape.evaluation.corpus.choosing import Corpus
    from tokentape.evaluation.corpus.row import Row
    from tokentape.upstreams.destinations import FetchOptions
    from tokentape.upstreams.pools.options import PoolOptions
    from tokentape.upstreams.retrying import Policy
    from tokentape.upstreams.upstream import Candidate


@dataclass(frozen=True, slots=True)
class Plan:
    """One migration. `answers` holds what targets and judges said; `resolve` finds a judge by its name.

    `fetch`: what URLs show may be fetched for targets that take no URLs; None: such questions are skipped.
    `prices` are one's own; published ones count besides.
    """

    corpus: Corpus
    answers: Store
    targets: tuple[Candidate, ...]
    comparators: tuple[Comparator | Asking, ...]
    resolve: Callable[[str], Candidate]
    changes: Changes = UNCHANGED
    samples: int = 1
    concurrency: int = CONCURRENCY
    prices: Prices = None
    fetch: FetchOptions | None = None
    own: Callable[[Row], str] | None = None
    """The one target (`upstream/model`) that a row is asked of; None: all rows are asked of all targets."""
    shares: Mapping[str, int] | None = None
    """By target, how many rows are its own; None: all are everybody's."""
    folder: str = ANSWERS
    """Under which name the answers are kept."""
    policy: Policy = PATIENT
    pools: PoolOptions = RESTING
    budget: Budget = field(default_factory=Budget)
    """For all of it: what targets are asked, and judges."""

    def concerns(self, row: Row, target: str) -> bool:
        """True if the target is asked that row."""
        return self.own is None or self.own(row) == target

    def count(self, target: str) -> int:
        """How many questions the target is asked."""
        rows = len(self.corpus) if self.shares is None else self.shares.get(target, 0)
        return rows * self.samples

    def rows(self, target: str) -> Iterator[Row]:
        """What the target is asked."""
        return (row for row in self.corpus if self.concerns(row, target))
