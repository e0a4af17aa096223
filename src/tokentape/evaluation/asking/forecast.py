"""What a run would ask, use, cost and take, without asking (`--dry-run`).

Tokens are those that the recorded answers counted; where there are none, the input is estimated, and the
output taken to be as long as the others'. What cannot be known is said, and is never 0.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.errors import UnsupportedFeature
from tokentape.evaluation.asking.asker import skipped
from tokentape.evaluation.asking.charge import cost_at
from tokentape.evaluation.asking.once import Once
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.refusing import refused_before
from tokentape.outcomes import Forward, Replay
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.usage import Usage
from tokentape.upstreams.fetching import urls_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.evaluation.asking.charge import Prices
    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.evaluation.asking.question import Changes, Lane, Question
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Credential


@dataclass(slots=True)
class Forecast:
    """For one target. `calls` would be asked, `recalled` questions have their answer; those that come to
    one request count once. `usd` is what the calls
    with a known price cost, `unpriced` counts the others by the reason. `seconds`: how long it takes with so
    many calls at a time, and no more than the declared limits allow; None where nothing says it.
    """

    calls: int = 0
    recalled: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    input: int = 0
    output: int = 0
    usd: Decimal = Decimal(0)
    unpriced: Counter[str] = field(default_factory=Counter)
    seconds: float | None = None
    estimated: int = 0
    """Calls whose input was estimated: no recorded answer counts it."""
    unsized: int = 0
    """Calls whose output was taken to be as long as the others': no recorded answer counts it."""
    untimed: int = 0
    """Calls that were taken to last as long as the others: no recorded answer was timed."""


class Forecaster:
    """Adds up what questions would come to, of one target; `fetches`: it would be shown what URLs show."""

    def __init__(self, lane: Lane, changes: Changes, prices: Prices = None, *, fetches: bool = False) -> None:
        self._lane, self._changes, self._prices, self._fetches = lane, changes, prices, fetches
        self._left_out = dict.fromkeys((frozenset(), refused_before(lane.deck)))
        """A question is looked up as it stands, and then without what the target refuses, as it is asked."""
        self._once = Once()
        self._found = Forecast()
        self._sized = 0
        self._unsized: Counter[int] = Counter()
        """Inputs of calls whose output nobody counted; a few sizes stand for all of them."""
        self._example: Prepared | None = None
        self._busy = 0.0

    def add(self, question: Question, samples: int = 1) -> None:
        """One more question."""
        found, asked = self._found, question.conversation
        if asked is None:
            found.skipped[question.why_not] += samples
            return
        try:
            ways = [self._prepared(asked, question, left_out) for left_out in self._left_out]
        except UnsupportedFeature as error:
            found.skipped[skipped(error)] += samples
            return
        samples = sum(self._once.meets(ways[0].request, sample + 1) for sample in range(samples))
        new = sum(not any(map(self._is_answered, ways)) for _ in range(samples))
        found.recalled += samples - new
        if new:
            self._call(question, ways[-1], new)

    def _prepared(self, asked: Conversation, question: Question, left_out: frozenset[str]) -> Prepared:
        """The request; where something would be fetched for it, as it stands without."""
        candidate, changes = self._lane.candidate, self._changes
        try:
            return prepare(asked, candidate, changes, left_out, question.headers)
        except UnsupportedFeature:
            if not (self._fetches and urls_in(asked)):
                raise
        return prepare(asked, candidate, replace(changes, lossy=True), left_out, question.headers)

    def _is_answered(self, prepared: Prepared) -> bool:
        """True if an answer is left for it."""
        outcome = self._lane.deck.begin(prepared.request)
        if isinstance(outcome, Forward):
            outcome.leave("", warn=False)
        return isinstance(outcome, Replay)

    def _call(self, question: Question, prepared: Prepared, times: int) -> None:
        found, usage = self._found, question.usage
        counted = usage.input if usage is not None and self._changes.system is None else None
        tokens = estimate(prepared.asked).tokens if counted is None else counted
        found.calls += times
        found.input += times * tokens
        found.estimated += times * (counted is None)
        if question.seconds is None:
            found.untimed += times
        else:
            self._busy += times * question.seconds
        self._example = prepared
        if usage is None or usage.output is None:
            self._unsized[-(-tokens // _COARSE) * _COARSE] += times
            return
        self._sized += times
        found.output += times * usage.output
        self._pay(prepared, Usage(tokens, usage.output), times)

    def _pay(self, prepared: Prepared, usage: Usage, times: int) -> None:
        cost = cost_at(prepared, usage, self._prices)
        if cost.usd is None:
            self._found.unpriced[cost.reason] += times
        else:
            self._found.usd += times * cost.usd

    def end(self, concurrency: int) -> Forecast:
        """All of it, once everything was added."""
        found, mean = self._found, self._found.output // self._sized if self._sized else None
        found.unsized = self._unsized.total()
        for tokens, times in self._unsized.items():
            if mean is None or self._example is None:
                found.unpriced["no recorded answer counts its output"] += times
                continue
            found.output += times * mean
            self._pay(self._example, Usage(tokens, mean), times)
        found.seconds = self._seconds(concurrency)
        return found

    def _seconds(self, concurrency: int) -> float | None:
        found = self._found
        timed = found.calls - found.untimed
        if not found.calls:
            return 0.0
        if not timed:
            return None
        each = self._busy / timed
        busy = each * found.calls / min(concurrency, found.calls)
        credentials = self._lane.candidate.upstream.credentials
        return max(busy, each, _limited(found.calls, found.input + found.output, credentials))


_COARSE = 64
"""Inputs are rounded up to so many tokens where they are kept."""


def _limited(calls: int, tokens: int, credentials: Sequence[Credential]) -> float:
    """Seconds that the declared limits ask for, where every key has one."""
    needed = []
    for asked, limit in ((calls, "requests"), (tokens, "tokens")):
        rates = [_rate(key, limit) for key in credentials]
        if 0.0 not in rates:
            needed.append(asked / sum(rates))
    return max(needed, default=0.0)


def _rate(key: Credential, limit: str) -> float:
    """How many a second, by the tightest window; 0: no window counts them."""
    found = [most / window.seconds for window in key.limits.windows if (most := getattr(window, limit))]
    return min(found, default=0.0)
