"""Whoever comparators ask: judges, and models that embed. What they say is recorded, each in a cassette of
its own beside the answers, so that a verdict is asked for once, and a report of next year needs no network.

It is the asking of targets over again, with its keys, limits, retries and its budget: only a whole answer is
kept, and a failure is asked again by the next run. But a question that comes twice has one answer here.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from tokentape.errors import UnsupportedFeature
from tokentape.evaluation.asking.answers import VERDICTS, close_lane, open_lane
from tokentape.evaluation.asking.asker import Asker
from tokentape.evaluation.asking.outcome import Answer as Answered
from tokentape.evaluation.asking.outcome import Left, Skipped, Unanswered
from tokentape.evaluation.asking.patience import Patience
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.progress import Progress
from tokentape.evaluation.asking.question import Changes
from tokentape.evaluation.asking.schedule import CONCURRENCY
from tokentape.evaluation.comparing.comparator import Prompt, models_in
from tokentape.evaluation.comparing.comparator import Unanswered as NoAnswer
from tokentape.evaluation.scoring.embedding import embedding_of, vectors_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.cassettes.stores.base import Store
    from tokentape.errors import RecordingError
    from tokentape.evaluation.asking.means import Means
    from tokentape.evaluation.asking.outcome import Result
    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.evaluation.asking.question import Lane
    from tokentape.evaluation.comparing.comparator import (
        Answer,
        Asking,
        Comparator,
        Pair,
        Question,
        Verdict,
    )
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.message import Headers

_PLAIN = Changes(stream=False)
"""What is asked differently of targets is not of judges."""

_KEPT = 512
"""Answers of this run that are kept in memory: a reply that is compared with several is close to itself."""


class Consultant:
    """For one run, in one event loop. `find` gives the candidate that a model's name stands for, as it does
    for targets; `close` at the end.

    Without `asks`, what was said before is found, and nothing is asked: of the rest, no verdict is recorded.
    """

    def __init__(
        self,
        store: Store,
        find: Callable[[str], Candidate],
        means: Means,
        *,
        asks: bool = True,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._store, self._find, self._asks, self._concurrency = store, find, asks, concurrency
        self._means = replace(means, changes=_PLAIN)
        self._stopped = ""
        self._desks: dict[str, _Desk] = {}
        self._names: dict[str, str] = {}
        """By what comparators call a model, its label: an upstream may have several names for one."""

    def ready(self, comparators: Iterable[Comparator | Asking]) -> None:
        """Look for everybody whom they may ask, so that what is wrong is told before anything is paid for.

        Raises `UsageError` for a name that nobody knows and for a missing key, `CassetteError` for a cassette
        that cannot be read.
        """
        for model in models_in(comparators):
            self._desk(model)

    async def verdict(self, comparator: Asking, pair: Pair) -> Verdict:
        """What the comparator says, once it has its answers. Raises as `ready` does."""
        plan = comparator.plan(pair)
        answer: Answer | None = None
        try:
            while True:
                question = plan.send(answer) if answer is not None else next(plan)
                answer = await self._desk(question.model).answer(question, comparator.name)
        except StopIteration as stop:
            found: Verdict = stop.value
            return found
        finally:
            plan.close()

    def stop(self, why: str = "interrupted") -> None:
        """Ask nothing more; what is under way is finished, and what was said before is still found."""
        self._stopped = self._stopped or why

    @property
    def stopped(self) -> str:
        """Why nothing more was asked; "" where nobody said so."""
        return self._stopped

    @property
    def progress(self) -> dict[str, Progress]:
        """What was asked so far, by `upstream/model`."""
        return {label: desk.progress for label, desk in self._desks.items()}

    def close(self) -> tuple[RecordingError, ...]:
        """Save what was said, and say what could not be kept."""
        return tuple(trouble for desk in self._desks.values() for trouble in close_lane(desk.lane))

    def _desk(self, model: str) -> _Desk:
        label = self._names.get(model)
        if label is None:
            candidate = self._find(model)
            label = self._names[model] = candidate.label
            if label not in self._desks:
                lane = open_lane(self._store, VERDICTS, candidate, asks=self._asks, repeat="last")
                self._desks[label] = _Desk(lane, self._means, self._concurrency, lambda: self._stopped)
        return self._desks[label]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, as targets are asked. `id` is the comparator that asks it."""

    id: str
    conversation: Conversation | None = None
    why_not: str = ""
    headers: Headers = ()
    usage: None = None
    seconds: None = None


class _Desk:
    """One model, and who waits for it."""

    def __init__(self, lane: Lane, means: Means, concurrency: int, stopped: Callable[[], str]) -> None:
        self.lane, self.progress = lane, Progress()
        self._patience = Patience()
        self._asker = Asker(lane, means, lambda: stopped() or self._patience.over)
        self._seats = asyncio.Semaphore(concurrency)
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._known: OrderedDict[bytes, Answer] = OrderedDict()

    async def answer(self, question: Question, asker: str) -> Answer:
        """The answer; of one question that is asked twice, also at once, the same."""
        prepared = self._prepared(question)
        if prepared is None:
            return await self._come(question, None, asker)
        request = prepared.request
        digest = blake2b(f"{request.url}\n".encode() + (request.body or b""), digest_size=16).digest()
        lock = self._locks.get(digest)
        if lock is None:
            lock = self._locks[digest] = asyncio.Lock()
        async with lock:
            answer = self._known.get(digest)
            if answer is None:
                answer = await self._come(question, prepared, asker)
            if not isinstance(answer, NoAnswer):
                self._known[digest] = answer
                self._known.move_to_end(digest)
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return answer

    def _prepared(self, question: Question) -> Prepared | None:
        """The request as it stands, before the model says what of it it does not take; None where it cannot
        be written.
        """
        candidate = self.lane.candidate
        if not isinstance(question, Prompt):
            return embedding_of(question.texts, candidate)
        try:
            return prepare(question.asked, candidate, _PLAIN)
        except UnsupportedFeature:
            return None

    async def _come(self, question: Question, prepared: Prepared | None, asker: str) -> Answer:
        async with self._seats:
            result = await self._result(question, prepared, asker)
            await asyncio.sleep(0)  # a long row of answers found must not keep others waiting
        self._patience.heard(result)
        self.progress.over = self._patience.over
        self.progress.count(result)
        if not isinstance(result, Answered):
            reason = result.reason if isinstance(result, Skipped | Unanswered | Left) else ""
            return NoAnswer(reason or "no answer came")
        if isinstance(question, Prompt):
            return result.reply
        return vectors_in(result.reply) or NoAnswer("the reply holds no vector")

    async def _result(self, question: Question, prepared: Prepared | None, asker: str) -> Result:
        if isinstance(question, Prompt):
            return (await self._asker.ask(_Asked(asker, question.asked)))[0]
        if prepared is None:
            return Skipped(f"{self.lane.candidate.upstream.name} has no embeddings")
        return await self._asker.answered(prepared, _Asked(asker))
