"""`tokentape migrate` when things go wrong: killed, interrupted, a target that fails, limits, no money left.

The same command goes on: nothing is asked twice, nothing is lost, and it says what remains.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections import Counter

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")
pytest.importorskip("rapidfuzz")

from ev_cli import declared, migrate
from ev_corpora import chat, tape

from cli_runs import BARE, COMMAND
from tokentape.testing.provider import Mishap, Persona, Provider, References

COUNT = 36
TARGET = "chat/gpt-4o-mini"


@pytest.fixture
def provider():
    with Provider(gap=0) as found:
        yield found


@pytest.fixture
def known():
    references = References()
    for number in range(COUNT):
        references.add(question(number), f"Answer to {number}.")
    return references


@pytest.fixture
def config(provider, tmp_path):
    return declared(provider, tmp_path / "upstreams.toml")


@pytest.fixture
def corpus(tmp_path):
    made = "2026-11-21T09:00:{:02}Z"
    calls = [
        chat(question(number), reply=f"Answer to {number}.", at=made.format(number))
        for number in range(COUNT)
    ]
    return tape(f"sqlite:{tmp_path / 'corpus.db'}#calls", *calls).partition("#")[0]


def question(number):
    return f"Question {number}?"


def asked(provider):
    """How often each question was asked."""
    return Counter(seen.json["messages"][-1]["content"] for seen in provider.requests)


def report(corpus, config, *options, targets=(TARGET,)):
    """Migrate, and give the process and the report."""
    path = config.parent / "report.json"
    result = migrate(corpus, config, "--compare", "exact,fuzzy", "--json", path, *options, targets=targets)
    assert result.returncode in (0, 3), result.stdout + result.stderr
    return result, json.loads(path.read_text())


def outcomes(report):
    [target] = report["targets"]
    return {status: count for status, count in target["outcomes"].items() if count}


def whole(corpus, config, provider):
    """A run that has everything, and asks nothing when it is repeated."""
    result, found = report(corpus, config)
    assert result.returncode == 0, result.stderr
    assert outcomes(found) == {"answered": COUNT}
    assert found["targets"][0]["comparators"][0]["passed"] == COUNT
    count = provider.count
    again, _ = report(corpus, config)
    assert again.returncode == 0
    assert provider.count == count
    assert f"{COUNT} answered (0 now, {COUNT} before)" in again.stderr
    return result


def begun(corpus, config, provider, *options):
    """A migration that hangs once a dozen questions are answered; its process, once it hangs."""
    provider.delay_by(
        lambda seen: 60.0 if int(seen.json["messages"][-1]["content"].split()[1][:-1]) >= 12 else 0.0
    )
    process = subprocess.Popen(
        [
            *COMMAND,
            "migrate",
            corpus,
            "--config",
            str(config),
            "--target",
            TARGET,
            "--concurrency",
            "4",
            *options,
        ],
        env={**BARE, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    provider.wait_for(16, timeout=60)
    return process


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_one_that_was_killed_goes_on_where_it_was(provider, corpus, config, known):
    provider.acts_as(Persona(), knowing=known)
    process = begun(corpus, config, provider)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = asked(provider)
    answered, under_way = map(set, (map(question, range(12)), map(question, range(12, 16))))
    assert set(before) == answered | under_way
    provider.delay_by(None)
    result = whole(corpus, config, provider)
    after = asked(provider)
    assert {text: after[text] for text in answered} == dict.fromkeys(answered, 1)
    assert {text: after[text] for text in under_way} == dict.fromkeys(under_way, 2)
    assert after.total() == COUNT + len(under_way)
    assert f"{COUNT} answered ({COUNT - 12} now, 12 before)" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_one_that_was_interrupted_finishes_what_is_under_way(provider, corpus, config, known):
    provider.acts_as(Persona(latency=(0.05, 0.0)), knowing=known)
    process = subprocess.Popen(
        [*COMMAND, "migrate", corpus, "--config", str(config), "--target", TARGET, "--concurrency", "2"],
        env={**BARE, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    provider.wait_for(8, timeout=60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert "the same command goes on" in said or "asks them again" in said
    assert 8 <= provider.count < COUNT
    whole(corpus, config, provider)
    assert asked(provider) == Counter(map(question, range(COUNT)))


def test_a_target_that_fails_for_a_third_of_all_calls_is_asked_again(provider, corpus, config, known):
    mishaps = (Mishap(0.34, status=400, times=None, message="This one is too hard."),)
    provider.acts_as(Persona(mishaps=mishaps), knowing=known)
    result, found = report(corpus, config)
    came = outcomes(found)
    assert result.returncode == 3
    assert came["answered"] + came["unanswered"] == COUNT
    assert COUNT // 5 < came["unanswered"] < COUNT // 2
    assert f"{came['unanswered']} x 400 invalid_request: This one is too hard." in result.stderr
    assert (
        f"{came['unanswered']} questions without an answer; the same command asks them again" in result.stderr
    )
    assert found["targets"][0]["reasons"] == [
        ["unanswered", "400 invalid_request: This one is too hard.", came["unanswered"]]
    ]
    assert asked(provider) == Counter(map(question, range(COUNT)))
    provider.acts_as(Persona(), knowing=known)
    whole(corpus, config, provider)
    assert provider.count == COUNT + came["unanswered"]
    assert Counter(asked(provider).values()) == {1: came["answered"], 2: came["unanswered"]}


def test_failures_that_pass_and_limits_are_waited_for_in_the_same_run(provider, corpus, config, known):
    mishaps = (
        Mishap.limit(0.3, wait=0.02),
        Mishap(0.3, status=503, times=2, wait=0.02),
        Mishap.limit(0.1, times=3, wait=0.02),
    )
    provider.acts_as(Persona(mishaps=mishaps), knowing=known)
    result = whole(corpus, config, provider)
    assert f"{COUNT} answered ({COUNT} now, 0 before)" in result.stderr
    often = Counter(asked(provider).values())
    assert often[1] > 5
    assert often[2] > 3
    assert often[3] > 1


def test_streams_that_break_off_are_no_answers(provider, corpus, config, known):
    provider.acts_as(Persona(mishaps=(Mishap.cut(0.06),)), knowing=known)
    whole(corpus, config, provider)
    often = Counter(asked(provider).values())
    assert often[2] >= 1
    assert often[1] + often[2] == COUNT


def test_a_budget_that_runs_out_leaves_the_rest_and_more_money_asks_it(provider, corpus, config, known):
    provider.acts_as(Persona(), knowing=known)
    result, found = report(
        corpus, config, "--max-cost", "0.0003", "--concurrency", "1", "--set", "max_output_tokens=10"
    )
    came = outcomes(found)
    assert result.returncode == 3
    assert came["answered"] + came["left"] == COUNT
    assert 0 < came["answered"] < COUNT
    assert "the budget of $0.0003 is used up" in result.stderr
    assert f"{came['left']} questions without an answer" in result.stderr
    assert provider.count == came["answered"]
    result, found = report(corpus, config, "--max-cost", "100", "--set", "max_output_tokens=10")
    assert result.returncode == 0
    assert outcomes(found) == {"answered": COUNT}
    assert asked(provider) == Counter(map(question, range(COUNT)))


def test_a_dry_run_asks_nothing_and_writes_nothing(provider, corpus, config, known, tmp_path):
    provider.acts_as(Persona(), knowing=known)
    before = {path.name for path in tmp_path.iterdir()}
    result = migrate(corpus, config, "--dry-run", targets=(TARGET,))
    assert result.returncode == 0, result.stderr
    assert TARGET in result.stdout
    assert f" {COUNT} " in result.stdout
    assert provider.count == 0
    assert {path.name for path in tmp_path.iterdir()} == before


def test_two_targets_do_not_wait_for_each_other(provider, corpus, config, known):
    """One is given up after failures in a row, and the other has everything."""
    other = "ollama/llama3.2"
    refuses = Mishap(1, status=401, times=None, message="No such key.")
    provider.acts_as(Persona("llama*", mishaps=(refuses,)), Persona(), knowing=known)
    result, found = report(corpus, config, "--concurrency", "2", targets=(TARGET, other))
    assert result.returncode == 3
    by = {target["name"]: target["outcomes"] for target in found["targets"]}
    assert by[TARGET]["answered"] == COUNT
    assert by[other]["answered"] == 0
    assert by[other]["unanswered"] + by[other]["left"] == COUNT
    assert by[other]["left"] > COUNT // 2
    assert "given up after" in result.stderr
    provider.acts_as(Persona(), knowing=known)
    count = provider.count
    result, found = report(corpus, config, targets=(TARGET, other))
    assert result.returncode == 0, result.stderr
    assert provider.count == count + COUNT
