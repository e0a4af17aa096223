"""A run that ends in the middle: killed, interrupted, cancelled. The next one asks what is left, and only that."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("aiohttp")

from ev_asking import Migration, questions, target, text_of

from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cassettes.stores.registry import open_place
from tokentape.evaluation.asking.interrupting import interruptible
from tokentape.testing.provider import Provider

HERE = Path(__file__).parent
COUNT = 30


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


def asked(provider):
    """How often each question was asked."""
    return Counter(seen.json["messages"][0]["content"] for seen in provider.requests)


@pytest.mark.parametrize("kind", ["directory", "sqlite"])
def test_a_run_that_was_killed_goes_on_where_it_was(provider, tmp_path, kind):
    place = f"sqlite:{tmp_path / 'answers.db'}" if kind == "sqlite" else str(tmp_path / "answers")
    held = {}

    def hang(seen):
        number = int(seen.json["messages"][0]["content"].split()[1].strip("?"))
        return 60.0 if number >= 12 and held.get("hangs", True) else 0.0

    provider.delay_by(hang)
    worker = subprocess.Popen(
        [sys.executable, str(HERE / "ev_worker.py"), provider.url, place, str(COUNT)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    for _ in range(12):
        assert worker.stdout.readline() == b"+\n"
    provider.wait_for(16)
    worker.kill()
    worker.wait()
    worker.stdout.close()
    before = asked(provider)
    answered = {f"Question {number}?" for number in range(12)}
    under_way = {f"Question {number}?" for number in range(12, 16)}
    assert set(before) == answered | under_way
    held["hangs"] = False

    store = open_place(place)[0] if kind == "sqlite" else DirectoryStore(place)
    ran = Migration(store, target(provider))(questions(COUNT))
    after = asked(provider)
    assert {text: after[text] for text in answered} == dict.fromkeys(answered, 1)
    assert {text: after[text] for text in under_way} == dict.fromkeys(under_way, 2)
    assert len(ran.answers) == COUNT
    assert Counter(answer.is_new for answer in ran.answers) == {False: 12, True: COUNT - 12}
    count = provider.count
    again = Migration(store, target(provider))(questions(COUNT))
    assert provider.count == count
    assert {one.question.id: text_of(one.result.reply) for one in again.outcomes} == {
        one.question.id: text_of(one.result.reply) for one in ran.outcomes
    }


def test_an_interrupt_finishes_what_is_under_way(provider):
    store = MemoryStore()
    ran = Migration(store, target(provider), concurrency=3)

    def interrupt(outcome):
        if len(ran.outcomes) == 5:
            signal.raise_signal(signal.SIGINT)

    async def go():
        before = signal.getsignal(signal.SIGINT)
        with interruptible(ran.stop):
            await ran._run(questions(COUNT), interrupt)
        assert signal.getsignal(signal.SIGINT) is before

    asyncio.run(go())
    assert ran.run.stopped == "interrupted"
    assert 5 <= len(ran.answers) <= 8
    assert len(ran.answers) == provider.count
    Migration(store, target(provider))(questions(COUNT))
    assert provider.count == COUNT


def test_what_was_under_way_when_a_run_was_cancelled_is_not_kept(provider):
    store = MemoryStore()
    provider.delay_by(lambda seen: 60.0 if "Question 3?" in str(seen.json) else 0.0)
    ran = Migration(store, target(provider), concurrency=1)

    async def go():
        running = asyncio.create_task(ran._run(questions(COUNT), None))
        await asyncio.to_thread(provider.wait_for, 4)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(go())
    provider.delay_by(None)
    again = Migration(store, target(provider))(questions(4))
    assert Counter(answer.is_new for answer in again.answers) == {False: 3, True: 1}
