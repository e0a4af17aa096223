"""Budgets and forecasts: what may be spent, and what would be."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("aiohttp")

from ev_asking import MODELS, Migration, chat, questions, target

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.evaluation.asking.answers import open_lane
from tokentape.evaluation.asking.budget import Budget, May
from tokentape.evaluation.asking.charge import worst
from tokentape.evaluation.asking.forecast import Forecaster
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.asking.question import UNCHANGED, Changes
from tokentape.metering.cost import Cost
from tokentape.metering.price import Price
from tokentape.protocols.usage import Usage
from tokentape.testing.provider import Provider
from tokentape.testing.provider.faults import late
from tokentape.testing.provider.script import Reset, Script
from tokentape.upstreams.upstream import Credential, Limits, Times, Window

PRICES = {"gpt-4o-mini": Price("1", "10")}


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


def usd(text):
    return Cost(Decimal(text))


MONEY = st.integers(0, 50).map(Decimal)


@given(st.integers(0, 200).map(Decimal), st.lists(st.tuples(MONEY, MONEY, st.booleans())))
def test_no_more_is_spent_than_may_be(most, calls):
    budget, under_way = Budget(most), []
    for worst_case, share, ends in calls:
        may = budget.hold(Cost(worst_case))
        if may is May.GO:
            under_way.append((Cost(worst_case), Cost(min(share, worst_case))))
        assert budget.spent + budget.held <= most
        if may is May.WAIT:
            assert under_way
        if under_way and (ends or may is not May.GO):
            budget.settle(*under_way.pop())
    for call in under_way:
        budget.settle(*call)
    assert budget.spent <= most
    assert budget.held == 0


def test_a_call_waits_for_those_that_may_turn_out_cheaper():
    async def go():
        purse = Purse(Budget(Decimal(10)))
        assert await purse.hold(usd("8"))
        waiting = asyncio.create_task(purse.hold(usd("8")))
        await asyncio.sleep(0)
        assert not waiting.done()
        purse.settle(usd("8"), usd("1"))
        assert await waiting
        late = asyncio.create_task(purse.hold(usd("8")))
        await asyncio.sleep(0)
        purse.settle(usd("8"), usd("7.5"))
        assert not await late
        assert purse.over.startswith("the budget of $10 is used up: $8.5000 are spent")
        assert not await purse.hold(usd("0"))

    asyncio.run(go())


def test_a_call_whose_cost_nobody_knows_is_counted_at_its_worst():
    budget = Budget(Decimal(10))
    assert budget.hold(usd("6")) is May.GO
    budget.settle(usd("6"), Cost(None, reason="nobody knows"))
    assert (budget.spent, budget.unpriced) == (6, 1)


def test_without_a_limit_it_only_counts():
    budget = Budget()
    assert budget.hold(Cost(None)) is May.GO
    budget.settle(Cost(None), Cost(None))
    assert (budget.spent, budget.unpriced, budget.over) == (0, 1, "")


def most(provider, asked, recorded=None):
    return worst(prepare(asked.conversation, target(provider), UNCHANGED), recorded, PRICES).usd


def test_the_worst_case_is_all_that_may_be_written(provider):
    limited = most(provider, chat("Hi", max_tokens=100))
    assert Decimal("0.001") < limited < Decimal("0.0011")
    assert most(provider, chat("Hi")) > Decimal("0.16")  # what the model can write at most
    assert most(provider, chat("Hi", max_tokens=100, n=3)) > 2 * limited
    assert most(provider, chat("Hi", max_tokens=100), Usage(1000, 1)) > limited + Decimal("0.0019")


def bound(provider, asked, dialect="openai.chat", recorded=None, **upstream):
    """The worst case, where a token of output costs a dollar and the input nothing."""
    to = target(provider, dialect, **upstream)
    prices = {to.model: Price("0", "1000000"), f"{to.model}@priority": Price("0", "2000000")}
    return worst(prepare(asked.conversation, to, Changes(lossy=True)), recorded, prices).usd


def test_the_limit_that_is_sent_counts(provider):
    assert bound(provider, chat("Hi", max_tokens=100)) == 100
    assert bound(provider, chat("Hi", max_tokens=100), forced={"max_tokens": 5000}) == 5000
    assert bound(provider, chat("Hi", max_tokens=50, max_completion_tokens=9000)) == 9000
    for dialect in MODELS:
        assert bound(provider, chat("Hi", max_tokens=100), dialect) == 100


def test_thinking_counts_with_the_limit_that_it_raised(provider):
    asked = chat("Hi", max_tokens=1000, reasoning_effort="high")
    to = target(provider, "anthropic.messages")
    sent = json.loads(prepare(asked.conversation, to, Changes(lossy=True)).request.body)
    assert sent["max_tokens"] > 1000
    assert bound(provider, asked, "anthropic.messages") >= sent["max_tokens"]


def test_a_service_tier_has_its_price(provider):
    assert bound(provider, chat("Hi", max_tokens=100, service_tier="priority")) == 200
    assert bound(provider, chat("Hi", max_tokens=100, service_tier="default")) == 100


def test_a_document_counts_by_its_bytes_unless_a_reply_counted_it(provider):
    data = "data:application/pdf;base64," + "AAAA" * 100_000
    asked = chat([{"type": "file", "file": {"filename": "a.pdf", "file_data": data}}], max_tokens=1)
    assert most(provider, asked) > Decimal("0.3")
    assert most(provider, asked, Usage(10_000, 1)) < Decimal("0.03")


def test_a_reply_that_broke_off_is_paid_for(provider):
    from tokentape.testing.provider.faults import cut

    provider.changes(cut(after=2), times=None)
    rows = [chat(f"Question {number}?", number, max_tokens=100) for number in range(5)]
    ran = Migration(MemoryStore(), target(provider), budget=Decimal("0.0025"), prices=PRICES, concurrency=1)(
        rows
    )
    assert provider.count == 2
    assert ran.progress["up/gpt-4o-mini"].left == 5
    assert ran.budget.spent <= Decimal("0.0025")


def spent(provider, rows, to=None):
    """What a run took from the budget, where its tries are counted one by one."""
    ran = Migration(
        MemoryStore(), to or target(provider), budget=Decimal("0.0025"), prices=PRICES, concurrency=1
    )
    return ran(rows).budget.spent


@pytest.mark.parametrize(
    ("times", "fault"),
    [(Times(first_byte=0.2), late(None)), (Times(), lambda script: Script((Reset(),)))],
    ids=["silent", "reset"],
)
def test_a_call_that_brought_no_reply_is_paid_for(provider, times, fault):
    provider.changes(fault, times=None)
    rows = [chat(f"Question {number}?", number, max_tokens=100) for number in range(5)]
    found = spent(provider, rows, target(provider, times=times))
    assert provider.count == 2
    assert Decimal("0.002") < found <= Decimal("0.0025")


def test_an_error_and_a_server_that_is_not_there_cost_nothing(provider):
    rows = questions(3, max_tokens=100)
    provider.fails(400, message="no", times=None)
    assert spent(provider, rows) == 0
    assert provider.count == 3
    nowhere = SimpleNamespace(url="http://127.0.0.1:9")
    assert spent(provider, rows, target(nowhere)) == 0


def forecast(
    provider, rows, *, store=None, changes=UNCHANGED, prices=PRICES, samples=1, concurrency=8, **more
):
    lane = open_lane(store or MemoryStore(), "corpus", target(provider, **more), asks=False)
    made = Forecaster(lane, changes, prices)
    for row in rows:
        made.add(row, samples)
    found = made.end(concurrency)
    lane.deck.close()
    return found


def sized(count, tokens=(100, 20), seconds=2.0, start=0):
    rows = questions(count, start=start)
    for row in rows:
        row.usage, row.seconds = tokens and Usage(*tokens), seconds
    return rows


def test_a_forecast_adds_up_what_the_recorded_answers_used(provider):
    found = forecast(provider, sized(10))
    assert (found.calls, found.recalled, found.input, found.output) == (10, 0, 1000, 200)
    assert found.usd == Decimal("0.001") + Decimal("0.002")
    assert not found.unpriced
    assert found.seconds == pytest.approx(10 * 2.0 / 8)
    assert (found.estimated, found.unsized, found.untimed) == (0, 0, 0)
    assert provider.count == 0


def test_a_forecast_knows_what_was_answered_before(provider):
    store = MemoryStore()
    Migration(store, target(provider), samples=2)(questions(4))
    found = forecast(provider, sized(10), store=store, samples=3)
    assert (found.calls, found.recalled) == (30 - 8, 8)
    Migration(store, target(provider), samples=3)(questions(10))
    assert provider.count == 30


def test_what_cannot_be_asked_is_no_call(provider):
    rows = [*sized(2), chat("Hi", logit_bias={"1": 2}), chat("Hi")]
    rows[3].conversation, rows[3].why_not = None, "no conversation"
    found = forecast(provider, rows, dialect="anthropic.messages")
    assert found.calls == 2
    assert found.skipped["no conversation"] == 1
    assert sum(found.skipped.values()) == 2


def test_an_unknown_rate_is_said(provider):
    found = forecast(provider, sized(3), dialect="ollama", prices=None)
    assert found.usd == 0
    assert found.unpriced.total() == 3
    assert next(iter(found.unpriced)).startswith("no prices are known for 127.0.0.1")


def test_answers_of_unknown_length_are_as_long_as_the_others(provider):
    found = forecast(provider, [*sized(2), *sized(2, None, None, start=2)])
    assert (found.estimated, found.unsized, found.untimed) == (2, 2, 2)
    assert found.output == 80
    assert found.usd > Decimal("0.0008")
    assert found.seconds == pytest.approx(2.0)


def test_questions_that_come_to_one_request_are_counted_once(provider):
    found = forecast(provider, [*sized(3), *sized(4)], samples=2)
    assert (found.calls, found.input) == (8, 800)


def test_where_nothing_is_known_nothing_is_made_up(provider):
    found = forecast(provider, sized(2, None, None))
    assert found.seconds is None
    assert found.usd == 0
    assert found.unpriced == {"no recorded answer counts its output": 2}


def test_declared_limits_take_their_time(provider):
    keys = tuple(Credential(f"key{n}", limits=Limits(windows=(Window(60.0, requests=5),))) for n in range(2))
    assert forecast(provider, sized(40), credentials=keys).seconds == pytest.approx(240.0)
    keys = (Credential("key1", limits=Limits(windows=(Window(60.0, tokens=120),))),)
    assert forecast(provider, sized(10), credentials=keys).seconds == pytest.approx(600.0)


def test_an_empty_corpus_takes_no_time(provider):
    assert forecast(provider, []).seconds == 0
