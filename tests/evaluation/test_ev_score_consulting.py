"""Judges are asked like targets: recorded, within limits, and never twice for one question."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")

from ev_consulting import JUDGE, Consulted, found_at, opinion, pair

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.errors import UsageError
from tokentape.evaluation.asking.question import Changes
from tokentape.evaluation.comparing.comparator import Prompt, Verdict
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.rows import Seen, rows
from tokentape.evaluation.scoring import consulting
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Audio, Inline
from tokentape.testing.provider import Provider

PAIRS = [pair(f"It is {n}.", f"So it is {n}, or {n + 1}.") for n in range(5)]


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


def test_verdicts_are_recorded_and_found_again_without_a_network(provider, tmp_path):
    provider.answers(opinion("same"), times=None)
    store = DirectoryStore(tmp_path)
    first = Consulted(store, found_at(provider))(JUDGE, *PAIRS)
    assert [verdict.score for verdict in first] == [1.0] * 5
    assert provider.count == 10  # both orders
    again = Consulted(store, found_at(provider))
    assert again(JUDGE, *PAIRS) == first
    assert provider.count == 10
    assert again.progress["up/gpt-4o-mini"].recalled == 10
    find = found_at(provider)
    provider.stop()
    assert Consulted(store, find, asks=False)(JUDGE, *PAIRS) == first
    (kept,) = tmp_path.rglob("*.json")
    assert kept.relative_to(tmp_path).as_posix() == "verdicts/up/gpt-4o-mini.json"
    text = kept.read_text(encoding="utf-8")
    assert '"migrated_from": "judge:up/gpt-4o-mini"' in text
    assert "[redacted]" not in text.partition('"request"')[2].partition('"body"')[2]


def test_verdicts_beside_a_corpus_are_no_rows_of_it(provider, tmp_path):
    provider.answers(opinion("same"), times=None)
    Consulted(SqliteStore(tmp_path / "tapes.db"), found_at(provider))(JUDGE, *PAIRS)
    seen = Seen()
    assert list(rows(f"sqlite:{tmp_path / 'tapes.db'}", seen)) == []
    assert seen.interactions == 10


def test_offline_nothing_is_asked_and_it_is_said(provider):
    (verdict,) = Consulted(MemoryStore(), found_at(provider), asks=False)(JUDGE, PAIRS[0])
    assert (verdict.score, verdict.passed, verdict.flags) == (None, None, ("no verdict",))
    assert "nothing is asked offline" in verdict.reason
    assert provider.count == 0


def test_one_question_that_comes_many_times_at_once_is_asked_once(provider):
    provider.delay_by(lambda seen: 0.05)
    provider.answers(opinion("same"), times=None)
    verdicts = Consulted(MemoryStore(), found_at(provider))(JUDGE, *PAIRS[:1] * 20)
    assert provider.count == 2
    assert len(set(verdicts)) == 1


def test_what_is_remembered_is_bounded(provider, monkeypatch):
    monkeypatch.setattr(consulting, "_KEPT", 1)
    provider.answers(opinion("same"), times=None)
    ran = Consulted(MemoryStore(), found_at(provider), concurrency=1)
    assert all(verdict.score == 1 for verdict in ran(JUDGE, *PAIRS, *PAIRS))
    assert ran.progress["up/gpt-4o-mini"].asked == provider.count


class Hears:
    """Asks what not every model can be asked."""

    name, models = "hears", ("up/m",)

    def plan(self, pair):
        asked = Conversation((Message(Role.USER, (Audio(Inline("audio/wav", "aGk=")),)),))
        answer = yield Prompt("up/m", asked)
        return Verdict(None, None, answer.why)


def test_what_a_model_cannot_be_asked_is_no_answer(provider):
    find = found_at(provider, up="anthropic.messages")
    (verdict,) = Consulted(MemoryStore(), find).by(Hears(), PAIRS[0])
    assert "audio" in verdict.reason
    assert provider.count == 0


def test_two_names_of_one_model_share_its_cassette(provider):
    provider.answers(opinion("same"), times=None)
    store = MemoryStore()
    ran = Consulted(store, lambda name: found_at(provider)("up/gpt-4o-mini"))
    (verdict,) = ran("judge:up/mini,second=up/gpt-4o-mini", PAIRS[0])
    assert verdict.score == 1
    assert provider.count == 2
    assert list(ran.progress) == ["up/gpt-4o-mini"]
    assert ran.troubles == ()


def test_a_judge_that_fails_is_asked_again_by_the_next_run(provider):
    provider.fails(401, times=None)
    store = MemoryStore()
    (verdict,) = Consulted(store, found_at(provider))(JUDGE, PAIRS[0])
    assert verdict.score is None
    assert "401" in verdict.reason
    provider.forget()
    provider.answers(opinion("same"), times=None)
    assert Consulted(store, found_at(provider))(JUDGE, PAIRS[0])[0].score == 1
    assert provider.count == 2


def test_a_limit_is_waited_for(provider):
    provider.fails(429, headers={"retry-after": "0"}, times=2)
    provider.answers(opinion("same"), times=None)
    assert Consulted(MemoryStore(), found_at(provider))(JUDGE, PAIRS[0])[0].score == 1


def test_a_judge_that_is_hopeless_is_given_up(provider):
    provider.fails(401, times=None)
    ran = Consulted(MemoryStore(), found_at(provider), concurrency=1)
    verdicts = ran(JUDGE, *PAIRS)
    assert provider.count == 3
    assert "given up" in verdicts[-1].reason
    assert "given up" in ran.progress["up/gpt-4o-mini"].over
    assert all(verdict.score is None for verdict in verdicts)


def test_a_run_that_is_stopped_asks_nothing_more(provider):
    provider.answers(opinion("same"), times=None)
    store = MemoryStore()
    first = Consulted(store, found_at(provider))(JUDGE, PAIRS[0])
    stopped = Consulted(store, found_at(provider), before=lambda consultant: consultant.stop())
    verdicts = stopped(JUDGE, *PAIRS[:2])
    assert verdicts[:1] == first
    assert verdicts[1].reason == "up/gpt-4o-mini: interrupted"
    assert provider.count == 2


def test_a_judge_that_talks_of_something_else_passes_nothing(provider):
    (verdict,) = Consulted(MemoryStore(), found_at(provider))(JUDGE, PAIRS[0])
    assert (verdict.score, verdict.passed, verdict.flags) == (None, None, ("verdict unreadable",))
    assert provider.count == 2


def test_judges_share_the_budget_of_the_run(provider):
    provider.answers(opinion("same"), times=None)
    ran = Consulted(MemoryStore(), found_at(provider), budget=Decimal("0.000001"))
    (verdict,) = ran(JUDGE, PAIRS[0])
    assert "budget" in verdict.reason
    assert provider.count == 0
    paid = Consulted(MemoryStore(), found_at(provider), budget=Decimal(1))
    assert paid(JUDGE, PAIRS[0])[0].score == 1
    assert paid.budget.spent > 0


def test_what_is_changed_for_targets_is_not_for_judges(provider):
    provider.answers(opinion("same"), times=None)
    changes = Changes(system="Talk like a pirate.", parameters={"temperature": 2})
    Consulted(MemoryStore(), found_at(provider), changes=changes)(JUDGE, PAIRS[0])
    for seen in provider.requests:
        assert b"pirate" not in seen.body
        assert b"temperature" not in seen.body
        assert b"rubric" in seen.body


@pytest.mark.parametrize("dialect", ["openai.responses", "anthropic.messages", "gemini", "cohere", "ollama"])
def test_a_judge_may_speak_any_dialect(provider, dialect):
    provider.answers(f"Here is my verdict:\n```json\n{opinion('A')}\n```", times=None)
    find = found_at(provider, other=dialect)
    (verdict,) = Consulted(MemoryStore(), find)("judge:other/some-model", PAIRS[0])
    assert verdict.score == 0.5  # A in both orders: once the recorded reply, once the new one
    assert verdict.flags == ("order matters",)


def test_who_cannot_be_asked_is_told_before_anything_is(provider):
    from tokentape.evaluation.asking.targets import target
    from tokentape.evaluation.scoring.consulting import Consultant
    from tokentape.upstreams.auth.kinds import Surroundings

    consultant = Consultant(
        MemoryStore(), lambda text: target(text, None, Surroundings(environment={})), _no_means()
    )
    consultant.ready(comparators_of("exact,length"))
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        consultant.ready(comparators_of("exact,judge:openai/gpt-5-mini"))
    with pytest.raises(UsageError, match="nobody"):
        consultant.ready(comparators_of("embedding:nobody/model"))
    assert consultant.close() == ()


def _no_means():
    from tokentape.evaluation.asking.means import RESTING, Means
    from tokentape.evaluation.asking.purse import Purse
    from tokentape.upstreams.aiohttp_sender import AiohttpSender
    from tokentape.upstreams.pools.pools import Pools

    return Means(AiohttpSender(), Pools((), RESTING), Purse())
