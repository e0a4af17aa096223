"""The whole way of a migration: asked, found again, compared; and where its answers are kept."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("rapidfuzz")

from ev_asking import QUICK, target
from ev_corpora import chat, tape

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import UsageError
from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.question import Changes
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.migrating.phases import ask, forecast, score
from tokentape.evaluation.migrating.places import answers_place, answers_store, targets_in
from tokentape.evaluation.migrating.plan import Plan
from tokentape.evaluation.scoring.scored import Status
from tokentape.testing.provider import Provider
from tokentape.testing.provider.faults import cut


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


@pytest.fixture
def place(tmp_path):
    calls = [chat(f"Question {number}?", reply="Yes.") for number in range(6)]
    return tape(str(tmp_path / "tape.json"), *calls)


def planned(place, *candidates, compare="exact", **more):
    more.setdefault("answers", MemoryStore())
    more.setdefault("policy", QUICK)
    resolve = {candidate.label: candidate for candidate in candidates}.__getitem__
    return Plan(
        Corpus(place), targets=candidates, comparators=comparators_of(compare), resolve=resolve, **more
    )


def asked(plan):
    return asyncio.run(ask(plan, lambda run: None))


def scored(plan, run=None, **more):
    found = []
    asyncio.run(score(plan, found.append, run, **more))
    return found


def test_each_row_is_asked_compared_and_needs_no_network_any_more(place, provider):
    provider.answers("Yes.", times=None)
    plan = planned(place, target(provider))
    (progress,) = asked(plan).progress.values()
    assert progress.asked == 6 == provider.count
    for _ in range(2):
        found = scored(plan)
        assert [each.status for each in found] == [Status.ANSWERED] * 6
        assert all(each.verdicts["exact"].passed for each in found)
        assert [each.row.id for each in found] == [row.id for row in plan.corpus]
    assert provider.count == 6
    assert asked(plan).progress["up/gpt-4o-mini"].recalled == 6


def test_several_targets_and_samples_have_an_answer_each(place, provider):
    provider.answers("No.", times=None)
    targets = [target(provider), target(provider, "anthropic.messages", "other")]
    plan = planned(place, *targets, samples=3)
    assert {name: each.asked for name, each in asked(plan).progress.items()} == {
        "up/gpt-4o-mini": 18,
        "other/claude-haiku-4-5": 18,
    }
    found = scored(plan)
    assert len({(each.row.id, each.target, each.sample) for each in found}) == 36 == len(found)
    assert not any(each.verdicts["exact"].passed for each in found)


def test_more_samples_than_are_recorded_are_missing_and_not_made_up(place, provider):
    answers = MemoryStore()
    asked(planned(place, target(provider), answers=answers, samples=2))
    found = scored(planned(place, target(provider), answers=answers, samples=3))
    statuses = {sample: {each.status for each in found if each.sample == sample} for sample in (1, 2, 3)}
    assert statuses == {1: {Status.ANSWERED}, 2: {Status.ANSWERED}, 3: {Status.LEFT}}


def test_rows_that_come_to_one_request_share_the_answer(tmp_path, provider):
    calls = [chat("Why?"), chat("Why?", model="gpt-4o-mini"), chat("Why?", model="gpt-5")]
    plan = planned(tape(str(tmp_path / "tape.json"), *calls), target(provider), samples=2)
    (progress,) = asked(plan).progress.values()
    assert (progress.asked, progress.shared, provider.count) == (2, 4, 2)
    found = scored(plan)
    assert [each.status for each in found] == [Status.ANSWERED] * 6
    assert asked(plan).progress["up/gpt-4o-mini"].recalled == 2


def test_why_there_is_no_answer_is_told(place, provider):
    provider.changes(cut(at=20), times=None)
    plan = planned(place, target(provider))
    run = asked(plan)
    assert run.remaining == 6 == len(run.failures)
    found = scored(plan, run)
    assert {each.status for each in found} == {Status.UNANSWERED}
    assert all(each.reason for each in found)
    assert {each.status for each in scored(plan)} == {Status.LEFT}


def test_what_cannot_be_asked_is_skipped_with_the_reason(tmp_path, provider):
    place = tape(str(tmp_path / "tape.json"), chat("Why?", n=3), chat("Why not?"))
    plan = planned(place, target(provider, "anthropic.messages"))
    asked(plan)
    first, second = scored(plan)
    assert (first.status, second.status) == (Status.SKIPPED, Status.ANSWERED)
    assert "n" in first.reason
    assert any(loss.severity == "meaning" for loss in first.losses)


def test_another_system_prompt_is_another_question_and_judges_see_it(place, provider):
    changes = Changes(system="Be brief.")
    answers = MemoryStore()
    asked(planned(place, target(provider), answers=answers))
    asked(planned(place, target(provider), answers=answers, changes=changes))
    assert provider.count == 12
    found = scored(planned(place, target(provider), answers=answers, changes=changes))
    assert all(each.asked.items[0].parts[0].text == "Be brief." for each in found)


def test_a_budget_is_for_all_of_it(place, provider):
    plan = planned(place, target(provider), budget=Budget(Decimal("0")))
    (progress,) = asked(plan).progress.values()
    assert (provider.count, progress.left) == (0, 6)
    assert "budget" in progress.over


def test_a_forecast_asks_nothing(place, provider):
    plan = planned(place, target(provider), samples=2)
    assert forecast(plan)["up/gpt-4o-mini"].calls == 12
    asked(plan)
    assert forecast(plan)["up/gpt-4o-mini"].recalled == 12
    assert provider.count == 12


@pytest.mark.parametrize(
    ("corpus", "answers"),
    [
        ("sqlite:tapes.db", "sqlite:tapes.db"),
        ("sqlite:tapes.db#one", "sqlite:tapes.db"),
        ("tapes/one.json", "sqlite:tapes/one.answers.db"),
        ("tapes/", "sqlite:tapes.answers.db"),
    ],
)
def test_answers_are_beside_the_corpus(corpus, answers):
    assert answers_place(corpus) == answers


def test_the_answers_of_the_folder_one_stands_in_are_beside_it(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert answers_place(".") == f"sqlite:{tmp_path / 'here'}.answers.db"


def test_answers_may_be_files(place, provider, tmp_path):
    plan = planned(place, target(provider), answers=answers_store(str(tmp_path / "answers")))
    asked(plan)
    assert isinstance(plan.answers, DirectoryStore)
    assert [*targets_in(plan.answers)] == ["up/gpt-4o-mini"]
    assert len(scored(plan)) == 6


def test_a_corpus_in_a_store_does_not_see_the_answers_in_it(tmp_path, provider):
    place = f"sqlite:{tmp_path / 'tapes.db'}"
    tape(f"{place}#one", chat("Why?"))
    for _ in range(2):
        plan = planned(place, target(provider), answers=answers_store(answers_place(place)))
        asked(plan)
        assert len(plan.corpus) == 1
    assert provider.count == 1


@pytest.mark.parametrize("place", ["tapes/one.json", "sqlite:a.db#one"])
def test_a_place_for_one_cassette_is_none_for_answers(place):
    with pytest.raises(UsageError, match="--answers"):
        answers_store(place)


def test_noise_is_how_answers_to_one_question_compare_with_each_other(place, provider):
    for text in ("Yes.", "No.", "No."):
        provider.answers(text)
    provider.answers("Yes.", times=None)
    plan = planned(place, target(provider), samples=3, concurrency=1)
    asked(plan)
    found, noise = [], []
    asyncio.run(score(plan, found.append, noise=noise.append))
    assert [each.verdicts["exact"].passed for each in found[:3]] == [True, False, False]
    assert [(each.sample, each.verdicts["exact"].passed) for each in noise[:2]] == [(2, False), (3, False)]
    assert all(each.verdicts["exact"].passed for each in (*found[3:], *noise[2:]))
    assert len(noise) == 12


def test_a_row_may_be_asked_of_one_target_alone(tmp_path, provider):
    calls = [chat("Why?"), chat("Why not?", model="gpt-4o-mini")]
    candidates = [target(provider, model="gpt-4o"), target(provider, model="gpt-4o-mini")]
    plan = planned(
        tape(str(tmp_path / "tape.json"), *calls),
        *candidates,
        own=lambda row: f"up/{row.model}",
        folder="mine",
    )
    assert {name: each.calls for name, each in forecast(plan).items()} == {
        "up/gpt-4o": 1,
        "up/gpt-4o-mini": 1,
    }
    asked(plan)
    assert [(each.row.model, each.target) for each in scored(plan)] == [
        ("gpt-4o", "up/gpt-4o"),
        ("gpt-4o-mini", "up/gpt-4o-mini"),
    ]
    assert provider.count == 2
    assert sorted(plan.answers.names()) == ["mine/up/gpt-4o", "mine/up/gpt-4o-mini"]
