"""One question, asked of one target: looked up among the answers, and asked only if it is not there.

prepare   fit and translate it; what would lose its meaning is skipped
look up   the target's cassette has the answer of an earlier run, or says to go on
try       by the plan of attempts: limits, retries, several keys, each try within the budget
keep      an answer, with where it comes from; nothing else
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import UnsupportedFeature
from tokentape.evaluation.asking.charge import cost_at, worst
from tokentape.evaluation.asking.judging import judged
from tokentape.evaluation.asking.lineage import Lineage
from tokentape.evaluation.asking.outcome import NO_LOSSES, Answer, Left, Shared, Skipped, Unanswered
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.refusing import refused_before, refused_option
from tokentape.evaluation.asking.trying import Trying
from tokentape.outcomes import Forward, Miss
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.registry import one_line
from tokentape.upstreams.destinations import NotFetched
from tokentape.upstreams.failures import Failed, FailureClass
from tokentape.upstreams.fetching import inlined, urls_in
from tokentape.upstreams.plan import GaveUp, attempts
from tokentape.upstreams.planned import carried_out
from tokentape.wire.interaction import Ended, How

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.deck import Deck
    from tokentape.evaluation.asking.means import Means
    from tokentape.evaluation.asking.once import Once
    from tokentape.evaluation.asking.outcome import Result
    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.evaluation.asking.question import Lane, Question
    from tokentape.outcomes import Outcome as DeckOutcome
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.upstreams.steps import Attempt
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Headers

_WIDTH = 300


class Asker:
    """Asks one target. `over` says why nothing more is to be asked; "" while something is. With `once`, a
    question that comes to a request it has met is not asked again.
    """

    def __init__(self, lane: Lane, means: Means, over: Callable[[], str], once: Once | None = None) -> None:
        self._lane, self._means, self._over, self._once = lane, means, over, once
        self._refused = refused_before(lane.deck)
        self._lineage = Lineage(lane)

    async def ask(self, question: Question, sample: int = 1) -> tuple[Result, LossReport]:
        """What came of it.

        An option that the target says it does not take is left out from then on. But an answer that it gave
        before it said so is one to the question as it stands, so that is looked up first.
        """
        asked = question.conversation
        if asked is None:
            return Skipped(question.why_not), NO_LOSSES
        left_out: frozenset[str] = frozenset()
        while True:
            try:
                asked, prepared = await self._prepared(asked, question.headers, left_out)
            except UnsupportedFeature as error:
                return Skipped(skipped(error)), error.losses
            except NotFetched as error:
                return Skipped(str(error)), NO_LOSSES
            if self._once and not left_out and not self._once.meets(prepared.request, sample):
                return Shared(), prepared.losses
            outcome = self._lane.deck.begin(prepared.request)
            if isinstance(outcome, Forward) and left_out != self._refused:
                outcome.leave("", warn=False)
                left_out = self._refused
                continue
            result = await self._came_of(outcome, prepared, question, sample)
            failure = result.failure if isinstance(result, Unanswered) else None
            dialect = prepared.source.dialect
            option = refused_option(failure, prepared.asked, dialect) if failure is not None else None
            if option is None:
                return result, prepared.losses
            left_out = self._refused = self._refused | {option}

    async def answered(self, prepared: Prepared, question: Question) -> Result:
        """What came of a request that is no conversation, and stands as it is."""
        return await self._came_of(self._lane.deck.begin(prepared.request), prepared, question, 1)

    async def _prepared(
        self, asked: Conversation, recorded: Headers, left_out: frozenset[str]
    ) -> tuple[Conversation, Prepared]:
        """The request, and what it was made of: what URLs show is put into it where the target takes no URLs
        (case 26).
        """
        candidate, changes, fetching = self._lane.candidate, self._means.changes, self._means.fetching
        try:
            return asked, prepare(asked, candidate, replace(changes, lossy=False), left_out, recorded)
        except UnsupportedFeature:
            if fetching is not None and urls_in(asked):
                asked = await inlined(asked, *fetching)
            elif not changes.lossy:
                raise
        return asked, prepare(asked, candidate, changes, left_out, recorded)

    async def _came_of(
        self, outcome: DeckOutcome | None, prepared: Prepared, question: Question, sample: int
    ) -> Result:
        """What the tape says, or the target where the tape sends the question out."""
        if isinstance(outcome, Miss):
            return _missed(outcome, self._lane.deck)
        if outcome is None:
            return Left("the cassette of the answers cannot be used")
        if not isinstance(outcome, Forward):
            if not (self._lane.asks or self._lineage.has(outcome.interaction, sample)):
                return Left("fewer samples are recorded")
            return self._recalled(outcome.interaction, prepared)
        if why := self._nothing_more():
            outcome.leave("", warn=False)
            return Left(why)
        self._lineage.starts(outcome)
        is_kept = False
        try:
            result = await self._asked(outcome, prepared, question)
            is_kept = isinstance(result, Answer) and result.is_kept
        finally:
            outcome.leave("", warn=False)
            if not is_kept:
                self._lineage.fails(outcome)
        return result

    def _nothing_more(self) -> str:
        """Why nothing is asked; "" while something is."""
        if self._lane.asks:
            return self._over() or self._means.purse.over
        return self._over() or "no answer is recorded, and nothing is asked offline"

    def _recalled(self, interaction: Interaction, prepared: Prepared) -> Result:
        """The answer of an earlier run."""
        found = None
        if interaction.response is not None:
            found = judged(interaction.response, prepared.source, prepared.reads)
        if found is None or isinstance(found, Failed):
            why = found.message if found is not None else f"no reply came ({interaction.ended.how})"
            return Left(f"the recording that fits is no answer: {why}; take it out to ask again")
        cost = cost_at(prepared, found.usage, self._means.prices)
        return Answer(interaction, found, cost, is_new=False)

    async def _asked(self, forward: Forward, prepared: Prepared, question: Question) -> Result:
        """Asked by the plan of attempts."""
        means, candidate = self._means, self._lane.candidate
        counted = means.pools.counts_tokens(candidate.upstream)
        log: list[Attempt] = []
        plan = attempts(
            (candidate,),
            means.pools,
            means.policy,
            clock=time.monotonic,
            random=random.random,
            tokens=estimate(prepared.asked).tokens if counted else 0,
            streaming=means.changes.stream,
            log=log,
        )
        most = worst(prepared, question.usage, means.prices)
        trying = Trying(means, prepared, forward, most, self._over)
        reply, verdict = await carried_out(plan, trying.tried, means.pools)
        if isinstance(verdict, GaveUp):
            return _unanswered(verdict, log)
        if reply is None:
            raise RuntimeError("a plan succeeded without an answer")
        forward.metadata = self._lineage.of(forward, question, self._refused)
        return self._kept(forward, prepared, reply, log)

    def _kept(self, forward: Forward, prepared: Prepared, reply: Reply, log: list[Attempt]) -> Answer:
        came = forward.so_far()
        if came is None:
            raise RuntimeError("an answer was recorded before it was judged")
        terminal = True if prepared.source.stream else None
        tally = self._lane.deck.tally
        before = tally.recorded
        forward.end(How.EOF)
        interaction = replace(came, ended=Ended(How.EOF, terminal), protocol=prepared.source.dialect)
        cost = cost_at(prepared, reply.usage, self._means.prices)
        return Answer(interaction, reply, cost, is_kept=tally.recorded > before, attempts=tuple(log))


def _missed(miss: Miss, deck: Deck) -> Left:
    """Why the tape lets nothing out: a recording that cannot be read is no reason to ask again. It is told as
    an outcome, so it is no error of the cassette any more.
    """
    errors = deck.errors
    deck.clear_errors()
    return Left(one_line(str(errors[-1] if errors else miss.explanation), _WIDTH))


def _unanswered(verdict: GaveUp, log: list[Attempt]) -> Unanswered | Left:
    failed = verdict.failed
    if failed.kind is FailureClass.pre_request:
        return Left(failed.message)
    status = f"{failed.status} " if failed.status else ""
    said = one_line(f"{status}{failed.kind}: {failed.message or verdict.reason}", _WIDTH)
    return Unanswered(failed.kind, said, tuple(log), failed.failure)


def skipped(error: UnsupportedFeature) -> str:
    """Why a target cannot be asked, in the words of the loss report."""
    losses = error.losses.meaning
    return one_line("; ".join(f"{one.path or '(whole)'}: {one.what}: {one.why}" for one in losses), _WIDTH)
