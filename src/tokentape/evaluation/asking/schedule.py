"""All questions, asked of all targets: so many at once for each, and no target waits for another.

Every target goes through the corpus by itself, so a slow or failing one keeps none waiting, and no more rows
are held than are under way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic

from tokentape.errors import UsageError
from tokentape.evaluation.asking.asker import Asker
from tokentape.evaluation.asking.once import Once
from tokentape.evaluation.asking.outcome import Outcome, Q
from tokentape.evaluation.asking.patience import Patience
from tokentape.evaluation.asking.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tokentape.evaluation.asking.means import Means
    from tokentape.evaluation.asking.question import Lane

CONCURRENCY = 8
"""Calls at a time, for each target."""


class Run(Generic[Q]):
    """One run. `questions` begins the corpus anew for the target of that label; every question is asked
    `samples` times.

    `told` hears each outcome when it is there, in no order; `patience` makes that of one target.
    """

    def __init__(
        self,
        questions: Callable[[str], Iterable[Q]],
        lanes: Sequence[Lane],
        means: Means,
        told: Callable[[Outcome[Q]], None],
        *,
        concurrency: int = CONCURRENCY,
        samples: int = 1,
        patience: Callable[[], Patience] = Patience,
    ) -> None:
        labels = [lane.label for lane in lanes]
        if len(set(labels)) < len(labels):
            raise UsageError("a target is named twice; each is asked once")
        if min(concurrency, samples) < 1:
            raise UsageError("concurrency and samples must be 1 or more")
        self._questions, self._lanes, self._means, self._told = questions, lanes, means, told
        self._concurrency, self._samples, self._patience = concurrency, samples, patience
        self._stopped = ""
        self.progress = {label: Progress() for label in labels}

    def stop(self, why: str = "interrupted") -> None:
        """Ask nothing more; what is under way is finished. Questions not yet looked at are not counted."""
        self._stopped = self._stopped or why

    @property
    def stopped(self) -> str:
        """Why the run was stopped; "" where it was not."""
        return self._stopped

    async def run(self) -> None:
        """Until all is asked, or `stop`. What cannot be read of the corpus, and a model that cannot be asked
        at all, is raised once everything under way has been dropped.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    one = _Lane(self, lane)
                    for _ in range(self._concurrency):
                        group.create_task(one.work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None


class _Lane(Generic[Q]):
    """One target's way through the corpus, which its workers share."""

    def __init__(self, run: Run[Q], lane: Lane) -> None:
        self._run, self._lane = run, lane
        self._progress = run.progress[lane.label]
        self._patience = run._patience()
        self._asker = Asker(lane, run._means, self._over, Once())
        self._jobs = self._every()

    def _every(self) -> Iterator[tuple[Q, int]]:
        for question in self._run._questions(self._lane.label):
            for sample in range(1, self._run._samples + 1):
                yield question, sample

    def _over(self) -> str:
        return self._run.stopped or self._patience.over

    async def work(self) -> None:
        """One question after the other, until there is none. Once nothing more is asked, those that were
        answered before are still found, so that what remains is known.
        """
        for question, sample in self._jobs:
            if self._run.stopped:
                return
            await self._one(question, sample)
            await asyncio.sleep(0)  # a long row of answers found must not keep others waiting

    async def _one(self, question: Q, sample: int) -> None:
        progress = self._progress
        progress.under_way += 1
        try:
            result, losses = await self._asker.ask(question, sample)
        finally:
            progress.under_way -= 1
        self._patience.heard(result)
        progress.over = self._patience.over or self._run._means.purse.over
        progress.count(result)
        self._run._told(Outcome(question, self._lane.candidate, sample, result, losses))
