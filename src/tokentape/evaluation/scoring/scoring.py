"""A whole corpus with the answers of its targets: each pair is compared, told, and let go.

It asks no target: every answer is looked up among those that are recorded, as the run before left them, so a
report of today and one of next year say the same. Only comparators may have to ask somebody (a judge), and
those do it through a `Consultant`, who has what was asked before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tokentape.evaluation.asking.asker import Asker
from tokentape.evaluation.asking.fitting import instructed
from tokentape.evaluation.asking.outcome import Answer, Left, Skipped, Unanswered
from tokentape.evaluation.asking.schedule import CONCURRENCY
from tokentape.evaluation.comparing.comparator import Pair, Side
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.evaluation.sides import recorded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Protocol

    from tokentape.evaluation.asking.means import Means
    from tokentape.evaluation.asking.outcome import Result
    from tokentape.evaluation.asking.question import Lane
    from tokentape.evaluation.comparing.comparator import Asking, Comparator, Verdict
    from tokentape.evaluation.corpus.row import Row
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import LossReport

    class Consultant(Protocol):
        """Whoever gives comparators the answers that they ask for."""

        async def verdict(self, comparator: Asking, pair: Pair) -> Verdict:
            """What the comparator says, once it has its answers."""
            ...


Told = Callable[[Scored], None]
Place = tuple[str, bytes, int]
"""A target, the handle of a row, and the sample."""


class Missing(NamedTuple):
    """Why answers are missing, as far as the run before knows: `failures` of questions that were asked, and
    by target why the others were not.
    """

    failures: Mapping[Place, str] = {}
    ended: Mapping[str, str] = {}


_NOTHING = Missing()


class Scoring:
    """One pass over `rows`. `lanes` are open without asking, and give an answer again to whoever asks again;
    a row is looked up in those that `concerns` says.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        lanes: Sequence[Lane],
        means: Means,
        comparators: Sequence[Comparator | Asking],
        consultant: Consultant,
        *,
        samples: int = 1,
        missing: Missing = _NOTHING,
        concerns: Callable[[Row, str], bool] = lambda row, target: True,
    ) -> None:
        self._rows, self._lanes, self._means, self._samples = rows, lanes, means, samples
        self._comparators, self._consultant = comparators, consultant
        self._missing, self._concerns = missing, concerns

    async def run(self, told: Told, noise: Told | None = None, concurrency: int = CONCURRENCY) -> None:
        """Compare everything. Without a comparator that asks, it comes in the order of the rows. `noise`
        hears how the second answer to a question, and each further one, compares with the first.
        """
        jobs = self._jobs()
        waits = any(not hasattr(each, "compare") for each in self._comparators)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(concurrency if waits else 1):
                    group.create_task(self._work(jobs, told, noise))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    def _jobs(self) -> Iterator[tuple[Row, Asker, str]]:
        askers = [(self._asker(lane), lane.label) for lane in self._lanes]
        for row in self._rows:
            for asker, target in askers:
                if self._concerns(row, target):
                    yield row, asker, target

    def _asker(self, lane: Lane) -> Asker:
        ended = self._missing.ended.get(lane.label, "")
        return Asker(lane, self._means, lambda: ended)

    async def _work(self, jobs: Iterator[tuple[Row, Asker, str]], told: Told, noise: Told | None) -> None:
        for row, asker, target in jobs:
            before, first = recorded(row), None
            for sample in range(1, self._samples + 1):
                result, losses = await asker.ask(row, sample)
                if not isinstance(result, Answer):
                    told(self._without(row, before, target, sample, result, losses))
                    continue
                after = answered(result)
                told(await self._compared(row, before, after, target, sample, losses))
                if noise is not None and first is not None:
                    noise(await self._compared(row, first, after, target, sample, losses))
                first = first or after

    async def _compared(
        self, row: Row, before: Side, after: Side, target: str, sample: int, losses: LossReport
    ) -> Scored:
        asked = self._asked(row)
        pair = Pair(asked, before, after, row.metadata)
        verdicts = {each.name: await self._verdict(each, pair) for each in self._comparators}
        return Scored(row, target, sample, Status.ANSWERED, before, after, verdicts, losses, asked=asked)

    async def _verdict(self, comparator: Comparator | Asking, pair: Pair) -> Verdict:
        if hasattr(comparator, "compare"):
            return comparator.compare(pair)
        return await self._consultant.verdict(comparator, pair)

    def _without(
        self, row: Row, before: Side, target: str, sample: int, result: Result, losses: LossReport
    ) -> Scored:
        """No answer is there, and why."""
        if isinstance(result, Skipped):
            return Scored(row, target, sample, Status.SKIPPED, before, losses=losses, reason=result.reason)
        why = self._missing.failures.get((target, row.handle, sample))
        if why is not None:
            return Scored(row, target, sample, Status.UNANSWERED, before, losses=losses, reason=why)
        reason = result.reason if isinstance(result, Left | Unanswered) else ""
        return Scored(row, target, sample, Status.LEFT, before, losses=losses, reason=reason)

    def _asked(self, row: Row) -> Conversation:
        """What the target was asked, as far as a comparator looks at it."""
        asked, system = row.conversation, self._means.changes.system
        if asked is None:
            raise RuntimeError(f"{row!r} was answered without being asked")
        return asked if system is None else instructed(asked, system)


def answered(answer: Answer) -> Side:
    """A target's answer."""
    reply, cost = answer.reply, answer.cost
    return Side(reply, True, answer.seconds, answer.first, reply.usage, cost.usd, cost.reason)
