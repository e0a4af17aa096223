"""The real recordings, asked of a model in every dialect; every form of the report; every figure a second time.

The answers are checked against what the provider says by itself, without a line of our dialects; the figures
against the rows, by numpy and scipy (`ev_recomputed`).
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zlib
from collections import Counter
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("pydantic")
pytest.importorskip("yaml")
pytest.importorskip("scipy")
pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")

import ev_recomputed
from ev_asking import MODELS
from ev_cli import PRICES, TARGETS, declared, knowing, migrate
from ev_corpora import samples
from rapidfuzz import fuzz

from cli_runs import run
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.testing.provider import Mishap, Persona, Provider, Turn
from tokentape.testing.provider.exchange import Exchange
from tokentape.testing.provider.personas.voice import said
from tokentape.testing.provider.routes import find
from tokentape.testing.provider.seen import Seen
from tokentape.testing.provider.turn import Serial

COMPARED = "exact,json,toolcalls,fuzzy,numbers,schema,length,latency,cost,refusal,judge:judge/arbiter"
JUDGED = {"why": "I saw them.", "better": "same", "by": "little"}
PERSONAS = (
    Persona("arbiter", says=lambda question: Turn(json.dumps(JUDGED))),
    Persona(MODELS["openai.chat"], quality=0.9, verbosity=1.4),
    Persona(MODELS["openai.responses"], quality=1.0),
    Persona(MODELS["anthropic.messages"], quality=0.8, refusals=0.15, tool_slips=0.5),
    Persona(MODELS["gemini"], quality=0.7, verbosity=2.0, json_slips=0.6),
    Persona(MODELS["bedrock.converse"], quality=0.95, mishaps=(Mishap.limit(0.3, wait=0.02),)),
    Persona(MODELS["cohere"], quality=0.5, mishaps=(Mishap(0.2, status=400, times=None, message="No."),)),
    Persona(MODELS["ollama"], quality=0.9, verbosity=0.5, latency=(0.003, 0.00001)),
)
BY_MODEL = {persona.models: persona for persona in PERSONAS}
FORMS = ("--json", "report.json", "--csv", "report.csv", "--markdown", "report.md", "--html", "report.html")
GATES = ("--min-pass", "exact=0.05", "--min-pass", "fuzzy=0.99", "--max-cost-ratio", "1000")


class Ran:
    """A migration that ran, and what it left."""

    def __init__(self, folder):
        self.folder = folder
        self.corpus = samples(folder / "corpus")
        with Corpus(self.corpus) as corpus:
            self.rows = {row.id: row for row in corpus}
            self.references = knowing(self.rows.values())
        with Provider(gap=0) as provider:
            provider.acts_as(*PERSONAS, knowing=self.references)
            self.config = declared(provider, folder / "upstreams.toml", judge="openai.chat")
            self.result = self.migrate()
            self.count = provider.count
            self.again = self.migrate()
            self.asked_again = provider.count - self.count
        self.report = json.loads((folder / "report.json").read_text())

    def migrate(self):
        forms = [str(self.folder / word) if "." in word else word for word in FORMS]
        return migrate(self.corpus, self.config, "--compare", COMPARED, *forms, *GATES)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return Ran(tmp_path_factory.mktemp("migration"))


@pytest.fixture(scope="module")
def report(ran):
    return ran.report


def answers(ran):
    """What is recorded of each target: (target, the recorded answer, the question as the provider reads it)."""
    store = SqliteStore(str(ran.folder / "corpus.answers.db"))
    for name in store.names():
        if not name.startswith("answers/"):
            continue
        cassette = store.load(name)
        for number in range(len(cassette.entries)):
            found = cassette.interaction(number)
            parts = urlsplit(found.request.url)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            seen = Seen("POST", target, found.request.headers, found.request.body, 0.0, 1)
            question = Exchange(seen, find(seen), Serial(b"", 1)).question
            yield found.metadata["target"], found, question


def test_it_ran_over_all_that_is_there(ran, report):
    assert ran.result.returncode == 1, ran.result.stderr
    assert [gate["passed"] for gate in report["gates"]] == [True, False, False]
    assert len(report["targets"]) == len(TARGETS)
    assert report["corpus"]["chosen"] == len(ran.rows) > 60
    assert {row["dialect"] for row in report["rows"]} >= {*TARGETS.values()} - {"bedrock.converse"}
    outcomes = Counter(row["status"] for row in report["rows"])
    assert outcomes["answered"] > 0.7 * len(report["rows"])
    assert outcomes["unanswered"] > 3
    failed = {name for name in TARGETS if name.startswith("cohere/")}
    assert {row["target"] for row in report["rows"] if row["status"] in ("unanswered", "left")} == failed
    assert outcomes["left"] < outcomes["unanswered"]  # what comes to the same request as one that failed


def test_a_second_run_asks_only_what_failed(ran, report):
    failed = sum(target["outcomes"]["unanswered"] for target in report["targets"])
    assert ran.asked_again <= failed
    again = json.loads((ran.folder / "report.json").read_text())
    assert figures(again) == figures(report)


def figures(report):
    """All that does not name a time."""
    return {name: value for name, value in report.items() if name != "made_at"}


def test_every_figure_is_what_the_rows_come_to(report):
    ev_recomputed.check(report)


def test_every_answer_is_what_the_provider_said(ran, report):
    rows = {(row["target"], row["id"]): row for row in report["rows"]}
    met = set()
    for target, found, question in answers(ran):
        row = rows[target, found.metadata["migrated_from"]]
        met.add((target, row["id"]))
        turn = said(BY_MODEL[question.model], question, 1, ran.references)
        assert row["status"] == "answered"
        texts = "".join(part["text"] for part in row["after"] if part["kind"] in ("text", "refusal"))
        if not turn.calls:  # what is said before a call is a plan at Cohere
            assert texts.strip() == turn.text[:8000].strip()
        calls = [(part["name"], part["arguments"]) for part in row["after"] if part["kind"] == "call"]
        assert calls == [(call.name, dict(call.arguments)) for call in turn.calls]
        facts = row["facts"]["after"]
        assert (facts["tokens_in"], facts["tokens_out"]) == (question.tokens, turn.tokens)
        rates = PRICES.get(question.model)
        if rates is not None:
            usd = (
                Decimal(str(rates[0])) * question.tokens + Decimal(str(rates[1])) * turn.tokens
            ) / 1_000_000
            assert facts["usd"] == pytest.approx(float(usd), rel=1e-12)
        timing = found.timing
        assert facts["seconds"] == pytest.approx((timing.head_ms + sum(timing.chunk_ms)) / 1000)
        assert facts["first"] == pytest.approx((timing.head_ms + timing.chunk_ms[0]) / 1000)
    assert len(met) > 0.6 * len(report["rows"])


def test_every_recorded_side_is_what_the_recording_says(ran, report):
    for row in report["rows"]:
        recorded = ran.rows[row["id"]]
        facts, usage = row["facts"]["before"], recorded.usage
        assert facts["tokens_out"] == (None if usage is None else usage.output)
        if row["model"] not in PRICES:  # what is declared of a model counts for its recordings, too
            assert facts["usd"] == (None if recorded.cost is None else pytest.approx(float(recorded.cost)))
        elif usage is not None and not usage.cache_read:
            into, out = PRICES[row["model"]]
            assert facts["usd"] == pytest.approx((into * usage.input + out * usage.output) / 1_000_000)
        assert row["model"] == (recorded.model or "")
        assert row["cluster"] == recorded.cluster or row["cluster"]


def plain(row, side):
    """What is said: text without fences, spacing and case, and calls; None where there is more than that."""
    parts = [part for part in row[side] if part["kind"] != "reasoning"]
    if any(part["kind"] not in ("text", "call", "refusal") or part.get("cut") for part in parts):
        return None
    texts = [part["text"] for part in parts if part["kind"] != "call"]
    calls = [(part["name"], part["arguments"]) for part in parts if part["kind"] == "call"]
    return texts, calls


def verdicts(report, name):
    for row in report["rows"]:
        found = ev_recomputed.verdict(row, name)
        if found is not None and plain(row, "before") and plain(row, "after"):
            yield row, found, plain(row, "before"), plain(row, "after")


def settled(texts):
    return " ".join(" ".join(texts).split()).casefold()


def test_exact_and_fuzzy_are_what_texts_come_to(report):
    checked = Counter()
    for row, found, (before, calls), (after, new) in verdicts(report, "exact"):
        if "```" in settled(before) + settled(after):
            continue
        same = (settled(before), calls) == (settled(after), new)
        assert found["passed"] == same or len(before) + len(after) > 2, row["id"]
        checked[same] += 1
        if not calls and not new:
            near = ev_recomputed.verdict(row, "fuzzy")["score"]
            assert near == pytest.approx(fuzz.ratio(settled(before), settled(after)) / 100, abs=1e-5)
            checked["fuzzy"] += 1
    assert min(checked[True], checked[False], checked["fuzzy"]) > 30, checked


def test_toolcalls_pass_where_the_calls_are_the_same(report):
    checked = Counter()
    for row, found, (_, calls), (_, new) in verdicts(report, "toolcalls"):
        if found["passed"] is not None:
            assert found["passed"] == (calls == new), row["id"]
            checked[found["passed"]] += 1
    assert min(checked[True], checked[False]) > 5, checked


def test_json_passes_where_the_values_are_the_same(report):
    checked = Counter()
    for row, found, (before, _), (after, _) in verdicts(report, "json"):
        was, now = loaded("".join(before)), loaded("".join(after))
        if found["passed"] is not None and isinstance(was, dict | list):
            assert found["passed"] == (was == now), row["id"]
            checked[found["passed"]] += 1
    assert min(checked[True], checked[False]) > 3, checked


def loaded(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def test_the_table_has_every_row_and_figure(ran, report):
    rows = [*csv.DictReader(io.StringIO((ran.folder / "report.csv").read_text()))]
    assert len(rows) == len(report["rows"])
    for line, row in zip(rows, report["rows"], strict=True):
        for name in ("id", "same", "target", "status", "model", "dialect"):
            assert line[name] == row[name]
        for side, facts in row["facts"].items():
            for name in ("seconds", "first", "tokens_in", "tokens_out", "usd"):
                assert number(line[f"{side}_{name}"]) == (None if facts is None else facts[name])
        for name in report["compare"]:
            found = ev_recomputed.verdict(row, name)
            assert number(line[f"{name}_score"]) == (None if found is None else found["score"])
            passed = None if found is None else found["passed"]
            assert line[f"{name}_passed"] == {True: "true", False: "false", None: ""}[passed]


def number(cell):
    return float(cell) if cell else None


def test_the_comment_and_the_console_say_the_same_figures(ran, report):
    comment = (ran.folder / "report.md").read_text()
    console = " ".join(ran.again.stdout.split())
    assert report["verdict"]["headline"].split(";")[0] in " ".join(comment.split())
    for target in report["targets"]:
        assert target["name"] in comment
        for rate in target["comparators"]:
            if rate["rate"]["value"] is not None:
                figure = re.match(r"[\d.]+ %", rate["sentence"])[0]
                assert figure in comment
                assert figure in console


def test_the_page_holds_the_same_report(ran, report):
    page = (ran.folder / "report.html").read_text()
    held = dict(
        re.findall(r'<script type="[a-z/]+" id="tokentape-([a-z0-9-]+)">(.*?)</script>', page, re.DOTALL)
    )
    assert page.count("</script>") == len(re.findall(r"<script", page)) == len(held) + 1
    whole = {name: value for name, value in report.items() if not name.startswith("rows")}
    assert json.loads(held["figures"]) == whole
    count = len(json.loads(held["rows"])["blocks"])
    blocks = (zlib.decompress(base64.b64decode(held[f"block-{nth}"])) for nth in range(count))
    assert [row for block in blocks for row in json.loads(block)] == report["rows"]


def test_the_report_of_another_day_is_the_same_without_a_provider(ran, report):
    path = ran.folder / "offline.json"
    earlier = ran.folder / "report.json"
    named = [word for name in TARGETS for word in ("--target", name)]
    result = run(
        "report",
        ran.corpus,
        "--config",
        ran.config,
        *named,
        "--compare",
        COMPARED,
        "--json",
        path,
        "--baseline",
        earlier,
    )
    assert result.returncode == 3, result.stderr
    found = json.loads(path.read_text())
    ev_recomputed.check(found)
    ev_recomputed.check_baseline(found, report)
    assert all(each["standing"] != "lower" for each in found["baseline"]["comparisons"])
    for one, other in zip(found["targets"], report["targets"], strict=True):
        assert one["comparators"] == other["comparators"]
        assert one["cost"] == other["cost"]
