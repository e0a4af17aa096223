"""A run that goes on where an earlier one ended: what was answered is found, however it was asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("aiohttp")

from ev_asking import Migration, chat, questions, target

from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.evaluation.asking.answers import open_lane
from tokentape.evaluation.asking.forecast import Forecaster
from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.evaluation.asking.refusing import refused_before
from tokentape.testing.provider import Provider

REFUSED = "Unsupported value: 'temperature' does not support 0.2 with this model."


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


@pytest.fixture
def met_late(provider):
    """Rows and their answers, where the target refused an option only after some had been answered with it."""
    store, to = MemoryStore(), target(provider)
    rows = [chat(f"Question {number}?", number, temperature=1) for number in range(3)]
    Migration(store, to, concurrency=1)(rows)
    provider.fails(400, message=REFUSED)
    rows += [chat("Question 3?", 3, temperature=0.2), chat("Question 4?", 4)]
    Migration(store, to, concurrency=1)(rows)
    assert provider.count == 3 + 3
    return store, rows


def test_answers_from_before_a_refusal_was_met_are_found(provider, met_late):
    store, rows = met_late
    again = Migration(store, target(provider))(rows)
    assert provider.count == 6
    assert again.progress["up/gpt-4o-mini"].recalled == 5
    offline = Migration(store, target(provider), asks=False)(rows)
    assert len(offline.answers) == 5


def test_a_new_question_is_asked_without_what_was_refused(provider, met_late):
    store, rows = met_late
    Migration(store, target(provider))([*rows, chat("Question 5?", 5, temperature=0.3)])
    assert provider.count == 7
    assert "temperature" not in provider.requests[-1].json


def test_a_refusal_is_known_also_where_the_last_answer_does_not_note_it():
    notes = [{}, {"refused": ["temperature"]}, {"refused": ["nonsense", "thinking"]}, {}]
    kept = [SimpleNamespace(metadata=note) for note in notes]
    deck = SimpleNamespace(cassette=SimpleNamespace(entries=kept, interaction=kept.__getitem__))
    assert refused_before(deck) == {"temperature", "thinking"}


def test_a_forecast_finds_them_too(provider, met_late):
    store, rows = met_late
    lane = open_lane(store, "corpus", target(provider), asks=False)
    made = Forecaster(lane, UNCHANGED)
    for row in [*rows, chat("Question 5?", 5, temperature=0.3)]:
        made.add(row)
    found = made.end(8)
    lane.deck.close()
    assert (found.calls, found.recalled) == (1, 5)


def lineages(store):
    """What the kept answers note, in the order of the cassette."""
    (name,) = store.names()
    cassette = store.load(name)
    return [dict(cassette.interaction(number).metadata) for number in range(len(cassette.entries))]


def test_a_kept_answer_says_where_it_comes_from(provider):
    store = MemoryStore()
    Migration(store, target(provider), samples=2, concurrency=1)(questions(2))
    assert lineages(store) == [
        {"migrated_from": id, "target": "up/gpt-4o-mini", "sample": sample}
        for id in ("row0", "row1")
        for sample in (1, 2)
    ]


def test_samples_are_numbered_without_those_that_failed(provider):
    store, to = MemoryStore(), target(provider)
    provider.fails(400, message="no")
    Migration(store, to, samples=2, concurrency=1)(questions(1))
    assert [one["sample"] for one in lineages(store)] == [1]
    Migration(store, to, samples=2, concurrency=1)(questions(1))
    assert [one["sample"] for one in lineages(store)] == [1, 2]
    assert provider.count == 3


def test_samples_at_a_time_are_numbered_as_they_stand(provider):
    store = MemoryStore()
    Migration(store, target(provider), samples=4)(questions(2))
    for row in ("row0", "row1"):
        assert [one["sample"] for one in lineages(store) if one["migrated_from"] == row] == [1, 2, 3, 4]
