"""What a command says while it asks and after it, how it ends, and what it makes of whom to ask."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import warnings
from dataclasses import replace
from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")
pytest.importorskip("rapidfuzz")

from ev_asking import target
from ev_cli import PRICES, declared, migrate
from ev_consulting import opinion
from ev_corpora import call, chat, tape

from cli_runs import BARE, COMMAND, run
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.cli.evaluating import telling
from tokentape.cli.evaluating.opening import told_in_lines
from tokentape.cli.evaluating.options import Chosen
from tokentape.cli.evaluating.whom import Sources, by_name, their_own
from tokentape.errors import RecordingError, UsageError
from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.outcome import Unanswered
from tokentape.evaluation.asking.patience import Patience
from tokentape.evaluation.asking.progress import Progress
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.migrating.phases import Asked, ask, forecast, score
from tokentape.evaluation.migrating.plan import Plan
from tokentape.testing.provider import Mishap, Persona, Provider, References, Turn
from tokentape.upstreams.destinations import FetchOptions
from tokentape.upstreams.failures import FailureClass

TARGET = "chat/gpt-4o-mini"
ASKED = {"messages": [{"role": "user", "content": "Why not?"}]}
MESSAGE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "No."}}
REPLY = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": [MESSAGE]}


@pytest.fixture
def provider():
    with Provider(gap=0) as found:
        yield found


@pytest.fixture
def config(provider, tmp_path):
    return declared(provider, tmp_path / "upstreams.toml")


@pytest.fixture
def corpus(tmp_path):
    calls = [chat(f"Question {number}?", reply="Yes.", model="gpt-4o-mini") for number in range(3)]
    return tape(str(tmp_path / "tape.json"), *calls)


def planned(place, *candidates, compare="exact", **more):
    resolve = {candidate.label: candidate for candidate in candidates}.__getitem__
    return Plan(Corpus(place), MemoryStore(), candidates, comparators_of(compare), resolve, **more)


def reasons(plan):
    """Why answers are missing after a run."""
    found = []

    async def both():
        run = await ask(plan, lambda run: None)
        await score(plan, found.append, run)

    asyncio.run(both())
    return [each.reason for each in found if each.after is None]


def test_ones_own_prices_hold_for_recorded_answers_too(provider, corpus, config, tmp_path):
    provider.answers("Yes.", times=None)
    path = tmp_path / "report.json"
    result = migrate(corpus, config, "--compare", "exact", "--json", path, targets=(TARGET,))
    assert result.returncode == 0, result.stderr
    [found] = json.loads(path.read_text())["targets"]
    into, out = PRICES["gpt-4o-mini"]
    assert found["cost"]["before"] == pytest.approx(3 * (10 * into + 2 * out) / 1e6)


def test_a_question_that_was_not_reached_has_the_reason_of_the_run(provider, corpus):
    candidate = target(provider)
    why = set(reasons(planned(corpus, candidate, budget=Budget(Decimal(0)))))
    assert [text for text in why if "budget of $0 is used up" in text] == [*why]
    assert provider.count == 0


def test_a_question_that_shares_a_failed_one_says_so(provider, tmp_path):
    provider.acts_as(Persona(mishaps=(Mishap(1, status=400, times=None, message="Too hard."),)))
    place = tape(str(tmp_path / "tape.json"), chat("Why?", model="gpt-4o"), chat("Why?", model="gpt-4o-mini"))
    assert sorted(reasons(planned(place, target(provider)))) == [
        "400 invalid_request: Too hard.",
        "another question comes to the same request, and has no answer",
    ]


def test_answers_that_could_not_be_kept_remain_to_be_asked():
    asked = Asked({"up/m": Progress(asked=3, unkept=2, left=1)})
    assert asked.remaining == 3


def test_the_same_trouble_is_told_once():
    asked = Asked(troubles=[RecordingError("full"), RecordingError("full"), RecordingError("odd")])
    assert telling.ended(asked) == ["trouble: full (2 times)", "trouble: odd"]


def test_what_is_not_known_is_not_nothing():
    assert telling.money(Decimal(0), 2) == "2 calls without a known price"
    assert telling.money(Decimal("0.5"), 1) == "$0.5000 and 1 call without a known price"
    assert telling.money(Decimal(0), 0) == "$0.0000"


def sources(found, declared=None):
    def resolve(name):
        if name.endswith("/none"):
            raise UsageError(name)
        return found[name]

    return Sources(MemoryStore(), resolve, declared or {})


def test_two_names_of_one_model_are_one_target(provider):
    one = target(provider)
    whom = by_name(
        Chosen((), targets=("up/mini", "up/gpt-4o-mini")), sources({"up/mini": one, one.label: one})
    )
    assert [each.label for each in whom(None).targets] == ["up/gpt-4o-mini"]


def test_each_model_is_asked_its_own_rows_and_the_progress_counts_them(provider, tmp_path):
    calls = [
        chat(f"Question {number}?", model=name) for number, name in enumerate(["mini", "gpt-4o-mini", "o"])
    ]
    calls.append(
        call("https://elsewhere.example.com/v1/chat/completions", {"model": "o", "messages": []}, {})
    )
    place = tape(str(tmp_path / "tape.json"), *calls)
    one, other = target(provider), target(provider, model="o")
    found = sources({"up/mini": one, one.label: one, "up/o": other})
    whom_of = their_own(Chosen((place,), via="up"), found)
    with Corpus(place) as corpus:
        whom = whom_of(corpus)
        rows = [*corpus]
        plan = Plan(
            corpus,
            found.answers,
            whom.targets,
            (),
            found.resolve,
            own=whom.own,
            shares=whom.shares,
            samples=2,
        )
    assert [each.label for each in whom.targets] == ["up/gpt-4o-mini", "up/o"]
    assert [whom.own(row) for row in rows] == ["up/gpt-4o-mini", "up/gpt-4o-mini", "up/o"]
    assert [plan.count(each.label) for each in whom.targets] == [4, 2]


def test_one_answer_is_no_measure_of_drift(corpus):
    result = run("drift", corpus, "--samples", "1")
    assert result.returncode == 2
    assert "noise" in result.stderr


def test_a_forecast_says_whom_it_leaves_out(provider, corpus, config):
    result = migrate(corpus, config, "--dry-run", "--compare", "judge:chat/gpt-4o", targets=(TARGET,))
    assert (result.returncode, provider.count) == (0, 0)
    assert "chat/gpt-4o is asked about the answers, which is not counted here" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_judges_that_are_interrupted_are_asked_by_the_next_run(provider, corpus, config):
    def judged(question):
        return Turn(opinion("same")) if "reply B" in question.text else None

    provider.acts_as(
        Persona("judge", latency=(0.2, 0.0), says=judged), Persona(quality=0.0), knowing=References()
    )
    words = ["migrate", corpus, "--config", config, "--target", TARGET, "--compare", "judge:chat/judge"]
    words += ["--concurrency", "1"]
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], env=BARE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    provider.wait_for(4, timeout=60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "to judges without an answer; the same command asks them" in said
    offline = run("report", corpus, "--config", config, "--compare", "judge:chat/judge")
    assert offline.returncode == 3
    assert "`tokentape migrate` asks them" in offline.stderr
    assert run(*words).returncode == 0
    assert provider.count == 9


def test_after_an_interrupted_run_nobody_is_asked(provider, corpus):
    provider.answers("No.", times=None)
    plan = planned(corpus, target(provider), compare="judge:up/gpt-4o-mini")
    stopped = asyncio.run(ask(plan, lambda run: None))
    stopped.stopped = "interrupted"
    count = provider.count
    code = reported_after(plan, stopped)
    assert (code, provider.count) == (3, count)


def reported_after(plan, asked):
    from tokentape.cli.evaluating.options import Forms
    from tokentape.cli.evaluating.results import gates_of, reported

    forms = Forms(as_json=os.devnull)
    return reported(plan, Chosen(("tape.json",)), forms, gates_of(forms, plan), asked)


def test_what_goes_wrong_underneath_is_one_line(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.raises(UsageError, match="database or disk is full.*TMPDIR"), told_in_lines():
            warnings.warn("the store\n says \x1b[31mso", UserWarning, stacklevel=1)
            raise sqlite3.OperationalError("database or disk is full")
    assert capsys.readouterr().err == "tokentape: the store says \\u001b[31mso\n"


def test_the_name_of_a_model_is_no_markup(provider, corpus, config):
    result = migrate(corpus, config, "--dry-run", targets=("chat/[/x]",))
    assert result.returncode == 0, result.stderr
    assert "chat/[/x]" in result.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
def test_an_output_that_is_full_is_one_line():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*COMMAND, "--help"], env=BARE, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 2
    assert result.stderr == "tokentape: the output cannot be written: No space left on device\n"


def test_the_first_reason_to_give_up_stands():
    patience = Patience(failures=1)
    for reason in ("first", "second"):
        patience.heard(Unanswered(FailureClass("server_error"), reason))
    assert patience.over == "given up after 1 failures in a row, the first: first"


def test_a_report_beside_the_corpus_is_none_of_its_cassettes(provider, config, tmp_path):
    provider.answers("Yes.", times=None)
    folder = tmp_path / "tapes"
    tape(str(folder / "one.json"), chat("Why?", reply="Yes."))
    for _ in range(2):
        result = migrate(folder, config, "--json", folder / "report.json", targets=(TARGET,))
        assert result.returncode == 0
        assert result.stderr.startswith("1 interaction in 1 cassette: ")
        assert "report.json" not in result.stderr
    assert json.loads((folder / "report.json").read_text())["prices"]["source"].startswith("own, else ")
    assert provider.count == 1


def test_rows_that_are_nobodys_are_told(provider, config, tmp_path):
    place = tape(
        str(tmp_path / "tape.json"),
        chat("Why?", model="gpt-4o"),
        call("https://elsewhere.example.com/v1/chat/completions", {**ASKED, "model": "gpt-4o"}, REPLY),
    )
    result = run("drift", place, "--config", config, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "not asked: 1 x no upstream is known at elsewhere.example.com\n" in result.stderr
    assert "openai/gpt-4o" in result.stdout


def test_drift_goes_on_under_its_name_and_ends_by_what_differs(provider, corpus, config):
    provider.answers("No.", times=None)
    words = ("drift", corpus, "--config", config, "--via", "chat", "--compare", "exact")
    for run_name, code, options in (
        ("one", 0, ["--fail-on", "never"]),
        ("one", 1, ["--fail-on", "any", "--samples", "1"]),
        ("two", 0, []),
    ):
        result = run(*words, "--run", run_name, *options)
        assert result.returncode == code, result.stderr
    assert provider.count == 12
    assert "chat/gpt-4o-mini: 6 answered (6 now, 0 before)" in result.stderr


class Shown:
    """Fetches what URLs show."""

    def __init__(self, options):
        self.options = options

    async def fetch(self, url):
        return "image/png", b"png"

    async def aclose(self):
        pass


def test_what_urls_show_is_foreseen_asked_and_found_again(provider, tmp_path, monkeypatch):
    monkeypatch.setattr("tokentape.upstreams.aiohttp_fetcher.AiohttpFetcher", Shown)
    provider.answers("Yes.", times=None)
    picture = {"type": "image_url", "image_url": {"url": "https://pictures.test/a.png"}}
    place = tape(str(tmp_path / "tape.json"), chat({"role": "user", "content": [picture]}, reply="Yes."))
    plan = planned(place, target(provider, "bedrock.converse"), fetch=FetchOptions())
    [foreseen] = forecast(plan).values()
    assert (foreseen.calls, foreseen.skipped.total()) == (1, 0)
    assert reasons(plan) == []
    found = []
    asyncio.run(score(plan, found.append))
    assert [each.status for each in found] == ["answered"]
    assert provider.count == 1
    [unseen] = forecast(replace(plan, fetch=None)).values()
    assert (unseen.calls, unseen.skipped.total()) == (0, 1)
