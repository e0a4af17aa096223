"""Many questions of several targets: bounds, failures, budgets, interruptions."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")

from ev_asking import QUICK, Migration, chat, questions, target

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import UsageError
from tokentape.evaluation.asking.outcome import Answer, Left, Unanswered
from tokentape.evaluation.asking.patience import Patience
from tokentape.testing.provider import Provider
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.upstream import Credential, Limits, Window

STUBBORN = replace(QUICK, retry=replace(QUICK.retry, max_retries=8))


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


@pytest.fixture
def store():
    return MemoryStore()


class UnderWay:
    """How many requests the provider has in hand at once; each stays until as many came as may, or all."""

    def __init__(self, provider, bound):
        self.most = 0
        self._now, self._bound = 0, bound
        self._lock = threading.Lock()
        self._full = threading.Event()
        provider.delay_by(self._seen)

    def _seen(self, seen):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now >= self._bound:
                self._full.set()
        self._full.wait(5)
        with self._lock:
            self._now -= 1
        return 0.0


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_so_many_are_under_way_and_never_more(provider, store, concurrency):
    under_way = UnderWay(provider, concurrency)
    ran = Migration(store, target(provider), concurrency=concurrency)(questions(20))
    assert under_way.most == concurrency
    assert len(ran.answers) == 20


def test_rows_are_pulled_as_they_are_needed(provider, store):
    pulled = 0
    ahead = []

    def corpus():
        nonlocal pulled
        for question in questions(60):
            pulled += 1
            yield question

    ran = Migration(store, target(provider), concurrency=4)
    ran(corpus, lambda outcome: ahead.append(pulled - len(ran.outcomes)))
    assert pulled == 60
    assert max(ahead) <= 4


def test_a_target_that_fails_a_third_of_the_calls_stops_nobody(provider, store):
    with Provider() as flaky:
        for number in range(30):
            if number % 3 == 0:
                flaky.fails(500)
            else:
                flaky.answers(f"Fine {number}.")
        ran = Migration(store, target(provider, name="good"), target(flaky, name="flaky"), policy=STUBBORN)(
            questions(30)
        )
    assert {label: (one.asked, one.failed) for label, one in ran.progress.items()} == {
        "good/gpt-4o-mini": (30, 0),
        "flaky/gpt-4o-mini": (30, 0),
    }
    assert flaky.count == 40
    assert provider.count == 30


def test_what_fails_in_the_end_is_asked_again_by_the_next_run_and_nothing_else(provider, store):
    for number in range(9):
        if number % 3 == 0:
            provider.fails(400, message="Not today.")
        else:
            provider.answers(f"Fine {number}.")
    ran = Migration(store, target(provider), concurrency=1)(questions(9))
    assert [type(one.result) for one in ran.outcomes] == [Unanswered, Answer, Answer] * 3
    assert provider.count == 9
    progress = ran.progress["up/gpt-4o-mini"]
    assert (progress.done, progress.failed, progress.seen) == (6, 3, 9)
    assert progress.reasons == {"400 invalid_request: Not today.": 3}
    again = Migration(store, target(provider))(questions(9))
    assert provider.count == 12
    assert (again.progress["up/gpt-4o-mini"].asked, again.progress["up/gpt-4o-mini"].recalled) == (3, 6)


def test_a_key_that_is_refused_ends_its_target_and_no_other(provider, store):
    with Provider(api_key="another") as closed:
        ran = Migration(store, target(closed, name="closed"), target(provider, name="open"), concurrency=2)(
            questions(40)
        )
        assert closed.count < 6
    progress = ran.progress["closed/gpt-4o-mini"]
    assert "given up after" in progress.over
    assert "401 authentication" in progress.over
    assert progress.failed + progress.left == 40
    assert progress.left > 30
    assert ran.progress["open/gpt-4o-mini"].asked == 40


def test_a_server_that_is_down_is_given_up(provider, store):
    provider.fails(500, times=None)
    ran = Migration(store, target(provider), concurrency=1, patience=lambda: Patience(failures=4))(
        questions(10)
    )
    progress = ran.progress["up/gpt-4o-mini"]
    assert (progress.failed, progress.left) == (4, 6)
    assert "4 failures in a row" in progress.over


def test_questions_that_are_refused_do_not_end_a_target(provider, store):
    provider.fails(400, times=None)
    ran = Migration(store, target(provider), patience=lambda: Patience(failures=4))(questions(10))
    progress = ran.progress["up/gpt-4o-mini"]
    assert (progress.failed, progress.left, progress.over) == (10, 0, "")


def test_a_budget_that_runs_out(provider, store):
    rows = [chat(f"Question {number}?", number, max_tokens=1000) for number in range(10)]
    budget = Decimal("0.00065")
    ran = Migration(store, target(provider), budget=budget)(rows)
    progress = ran.progress["up/gpt-4o-mini"]
    assert 0 < progress.asked < 10
    assert progress.left == 10 - progress.asked
    assert progress.asked == provider.count
    assert ran.budget.spent == progress.usd <= budget
    assert progress.over.startswith("the budget of $0.00065 is used up")
    (reason,) = progress.reasons
    assert reason == progress.over
    again = Migration(store, target(provider))(rows)
    assert provider.count == 10
    assert again.progress["up/gpt-4o-mini"].recalled == progress.asked


def test_an_answer_that_was_paid_for_is_found_without_any_budget(provider, store):
    Migration(store, target(provider))(questions(3))
    ran = Migration(store, target(provider), budget=Decimal(0))(questions(4))
    assert provider.count == 3
    assert Counter(type(one.result) for one in ran.outcomes) == {Answer: 3, Left: 1}


def test_a_budget_needs_a_price(provider, store):
    ran = Migration(store, target(provider, "ollama"), budget=Decimal(1))(questions(2))
    assert provider.count == 0
    (reason,) = ran.progress["up/llama3.2"].reasons
    assert reason.startswith("the cost of a call cannot be bounded: no prices are known for 127.0.0.1")


def test_what_has_no_price_is_not_free(provider, store):
    ran = Migration(store, target(provider, "ollama"))(questions(2))
    progress = ran.progress["up/llama3.2"]
    assert (progress.asked, progress.unpriced, progress.usd) == (2, 2, 0)
    assert all(answer.cost.usd is None for answer in ran.answers)
    assert ran.budget.unpriced == 2


def test_stopping_finishes_what_is_under_way(provider, store):
    ran = Migration(store, target(provider), concurrency=2)

    def stop(outcome):
        if len(ran.outcomes) == 3:
            ran.run.stop()

    ran(questions(50), stop)
    asked = len(ran.answers)
    assert 3 <= asked <= 5
    assert asked == provider.count
    again = Migration(store, target(provider))(questions(50))
    assert provider.count == 50
    assert again.progress["up/gpt-4o-mini"].recalled == asked


def test_declared_limits_are_kept(provider, store):
    key = Credential("key1", limits=Limits(concurrent=2))
    under_way = UnderWay(provider, 2)
    ran = Migration(store, target(provider, credentials=(key,)), concurrency=8)(questions(8))
    assert under_way.most == 2
    assert len(ran.answers) == 8


def test_several_keys_share_the_calls(provider, store):
    keys = tuple(
        Credential(f"key{n}", limits=Limits(windows=(Window(3600.0, requests=5),))) for n in range(2)
    )
    ran = Migration(store, target(provider, credentials=keys))(questions(10))
    used = Counter(answer.attempts[-1].credential for answer in ran.answers)
    assert used == {"key0": 5, "key1": 5}


def test_a_corpus_that_cannot_be_read_ends_the_run(provider, store):
    def corpus():
        yield from questions(2)
        raise UsageError("the corpus is broken")

    with pytest.raises(UsageError, match="the corpus is broken"):
        Migration(store, target(provider))(corpus)


def test_a_model_that_cannot_stand_in_a_path_ends_the_run(provider, store):
    with pytest.raises(UsageError, match="is refused"):
        Migration(store, target(provider, "gemini", model="../x"))(questions(2))
    assert provider.count == 0


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"samples": 0}])
def test_numbers_below_one_are_mistakes(provider, store, wrong):
    with pytest.raises(UsageError, match="1 or more"):
        Migration(store, target(provider), **wrong)([])


def test_a_target_named_twice_is_a_mistake(provider, store):
    with pytest.raises(UsageError, match="named twice"):
        Migration(store, target(provider), target(provider))([])


def test_a_failure_says_how_it_was_tried(provider, store):
    provider.fails(503, times=None, message="Busy.")
    ran = Migration(store, target(provider), concurrency=1)(questions(1))
    (found,) = ran.results.values()
    assert found.kind is FailureClass.overloaded
    assert [attempt.status for attempt in found.attempts] == [503, 503, 503]
