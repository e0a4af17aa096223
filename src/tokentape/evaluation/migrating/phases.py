"""The three things that are done with a plan: `forecast`, `ask`, `score`.

Asking and scoring are apart: what a report says comes from what is recorded alone, so that it is the same
after an interrupted run, in the next one, and offline.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.answers import close_lane, open_lane
from tokentape.evaluation.asking.forecast import Forecaster
from tokentape.evaluation.asking.means import Means
from tokentape.evaluation.asking.offline import Offline
from tokentape.evaluation.asking.outcome import Answer, Unanswered
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.asking.schedule import Run
from tokentape.evaluation.scoring.consulting import Consultant
from tokentape.evaluation.scoring.scoring import Missing, Scoring
from tokentape.upstreams.pools.pools import Pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokentape.errors import RecordingError
    from tokentape.evaluation.asking.forecast import Forecast
    from tokentape.evaluation.asking.outcome import Outcome
    from tokentape.evaluation.asking.progress import Progress
    from tokentape.evaluation.asking.question import Lane
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.migrating.plan import Plan
    from tokentape.evaluation.scoring.scoring import Place, Told
    from tokentape.upstreams.aiohttp_fetcher import AiohttpFetcher
    from tokentape.upstreams.aiohttp_sender import AiohttpSender
    from tokentape.upstreams.destinations import FetchOptions


@dataclass(slots=True)
class Asked:
    """What a run came to, by target. `stopped` says why it ended early; `troubles` are answers that could not
    be kept as they should be.
    """

    progress: dict[str, Progress] = field(default_factory=dict)
    failures: dict[Place, str] = field(default_factory=dict)
    troubles: list[RecordingError] = field(default_factory=list)
    stopped: str = ""

    @property
    def remaining(self) -> int:
        """How many questions were asked in vain, or not at all."""
        return sum(each.failed + each.left + each.unkept for each in self.progress.values())

    @property
    def ended(self) -> dict[str, str]:
        """By target, why a question was not asked itself."""
        shared = "another question comes to the same request, and has no answer"
        return {name: each.over or self.stopped or shared for name, each in self.progress.items()}

    def hear(self, outcome: Outcome[Row]) -> None:
        """Remember why there is no answer."""
        result, why = outcome.result, ""
        if isinstance(result, Unanswered):
            why = result.reason
        elif isinstance(result, Answer) and not result.is_kept:
            why = "the answer could not be kept"
        if why:
            self.failures[outcome.target.label, outcome.question.handle, outcome.sample] = why


def forecast(plan: Plan) -> dict[str, Forecast]:
    """What a run would ask and cost, by target; nothing is sent and nothing written."""
    found = {}
    for candidate in plan.targets:
        lane = open_lane(plan.answers, plan.folder, candidate, asks=False)
        try:
            adding = Forecaster(lane, plan.changes, plan.prices, fetches=plan.fetch is not None)
            for row in plan.rows(candidate.label):
                adding.add(row, plan.samples)
            found[candidate.label] = adding.end(plan.concurrency)
        finally:
            close_lane(lane)
    return found


async def ask(plan: Plan, began: Callable[[Run[Row]], None]) -> Asked:
    """Ask every target what it has not answered yet. `began` gets the run before it starts, to stop it or
    to show how far it is. Whatever ends it, what was answered is kept.
    """
    asked = Asked()
    lanes: list[Lane] = []
    try:
        async with means_of(plan) as means:
            lanes.extend(open_lane(plan.answers, plan.folder, each) for each in plan.targets)
            run = Run(
                plan.rows,
                lanes,
                means,
                asked.hear,
                concurrency=plan.concurrency,
                samples=plan.samples,
            )
            asked.progress = run.progress
            began(run)
            await run.run()
            asked.stopped = run.stopped
    finally:
        asked.troubles += [trouble for lane in lanes for trouble in close_lane(lane)]
    return asked


@asynccontextmanager
async def means_of(plan: Plan, *, asks: bool = True) -> AsyncIterator[Means]:
    """What asking takes, with HTTP clients that are closed at the end. Without `asks` nobody can be asked;
    what URLs show is fetched all the same, since it is a part of the questions that answers are found by.
    """
    purse, pools = Purse(plan.budget), Pools((), plan.pools)
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(aclosing(_sender(asks)))
        fetching = None
        if plan.fetch is not None:
            fetching = (await stack.enter_async_context(aclosing(_fetcher(plan.fetch))), plan.fetch)
        yield Means(sender, pools, purse, plan.policy, plan.changes, plan.prices, fetching)


def _sender(asks: bool) -> AiohttpSender | Offline:
    if not asks:
        return Offline()
    from tokentape.upstreams.aiohttp_sender import AiohttpSender

    return AiohttpSender()


def _fetcher(options: FetchOptions) -> AiohttpFetcher:
    from tokentape.upstreams.aiohttp_fetcher import AiohttpFetcher

    return AiohttpFetcher(options)


async def score(
    plan: Plan,
    told: Told,
    asked: Asked | None = None,
    *,
    noise: Told | None = None,
    asks: bool = False,
    began: Callable[[Consultant], None] = lambda consultant: None,
) -> Asked:
    """Compare all answers that are recorded; `asked` is the run before, if there was one, and `noise` hears
    how several answers to one question compare with each other. Returns what judges were asked.

    `asks`: judges may be asked what they did not say before; else no network is needed. `began` gets the one
    who asks them, to stop it. Raises `UsageError` for a judge that cannot be asked.
    """
    before = Asked() if asked is None else asked
    async with means_of(plan, asks=asks) as means:
        consultant = Consultant(plan.answers, plan.resolve, means, asks=asks, concurrency=plan.concurrency)
        began(consultant)
        return await _scored(plan, means, consultant, told, noise, before)


async def _scored(
    plan: Plan, means: Means, consultant: Consultant, told: Told, noise: Told | None, before: Asked
) -> Asked:
    """What comparators asked, and what came of it; `before` is the run that asked the targets."""
    lanes: list[Lane] = []
    asked = Asked()
    try:
        consultant.ready(plan.comparators)
        lanes.extend(
            open_lane(plan.answers, plan.folder, each, asks=False, repeat="cycle") for each in plan.targets
        )
        scoring = Scoring(
            plan.corpus,
            lanes,
            means,
            plan.comparators,
            consultant,
            samples=plan.samples,
            missing=Missing(before.failures, before.ended),
            concerns=plan.concerns,
        )
        await scoring.run(told, noise, plan.concurrency)
        asked.progress, asked.stopped = consultant.progress, consultant.stopped
    finally:
        for lane in lanes:
            close_lane(lane)
        asked.troubles += consultant.close()
    return asked
