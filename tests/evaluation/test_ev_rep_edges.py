"""Reports of little, of nothing, and of very much; what is kept, and where."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
import tracemalloc
from decimal import Decimal
from itertools import islice
from random import Random

import pytest
from ev_reports import answered, as_json, asked, corpus, reply, report, side, verdict, without
from rich.console import Console

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.comparator import Side, Verdict
from tokentape.evaluation.corpus.choosing import Summary
from tokentape.evaluation.corpus.rows import Seen
from tokentape.evaluation.reporting import measuring, tally
from tokentape.evaluation.reporting.about import About, CorpusSaid
from tokentape.evaluation.reporting.console import print_report
from tokentape.evaluation.reporting.csvform import csv_pieces
from tokentape.evaluation.reporting.jsonform import json_pieces
from tokentape.evaluation.reporting.markdown import markdown
from tokentape.evaluation.reporting.report import Report
from tokentape.evaluation.reporting.tally import Tally
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.protocols.usage import Usage

TOP = (
    "tokentape_report", "tokentape", "made_at", "title", "kind", "corpus", "changes", "samples", "compare", "prices",
    "verdict", "targets", "between", "baseline", "drift", "gates", "rows", "rows_left_out",
)  # fmt: skip
TARGET = (
    "name", "verdict", "outcomes", "reasons", "losses", "comparators", "cost", "unpriced", "tokens_in", "tokens_out",
    "seconds", "first", "distributions", "categories", "models",
)  # fmt: skip
ROW = (
    "id", "cassette", "same", "cluster", "times", "at", "category", "model", "provider", "dialect", "target", "sample",
    "status", "reason", "metadata", "asked", "before", "after", "facts", "verdicts", "losses", "badness",
)  # fmt: skip


def forms(found):
    """All of them, so that none stumbles."""
    out = io.StringIO()
    print_report(found, Console(file=out, width=80))
    told = json.loads("".join(json_pieces(found)))
    lines = list(csv.reader(io.StringIO("".join(csv_pieces(found)), newline="")))
    assert len(lines) == 1 + found.count == 1 + len(told["rows"])
    return told, markdown(found), out.getvalue()


def names_of(told):
    assert tuple(told) == TOP
    for target in told["targets"]:
        assert tuple(target) == TARGET
    for row in told["rows"]:
        assert tuple(row) == ROW


def test_the_names_are_those_of_the_reference():
    scored = [*corpus(6, targets=("up/one", "up/two"), samples=2), without(9, target="up/one")]
    told = as_json(scored, strict=True)
    names_of(told)
    target = told["targets"][0]
    estimate = {"value", "low", "high"}
    compared = {
        "before",
        "after",
        "difference",
        "differ",
        "p",
        "p_corrected",
        "detectable",
        "matters",
        "needed",
        "standing",
        "sentence",
    }
    rate = {"name", "rows", "passed", "failed", "unjudged", "rate", "sentence"}
    assert set(target["cost"]) == {"before", "after", "ratio", "rows", "missing", "compared"}
    assert set(target["cost"]["compared"]) == compared
    assert set(target["cost"]["compared"]["difference"]) == estimate
    assert set(target["comparators"][0]) == rate | {"scores", "flags"}
    summary = {"count", "missing", "mean", "deviation", "lowest", "median", "p95", "highest", "histogram"}
    assert set(target["distributions"]) == {"cost", "seconds", "first", "tokens_out"}
    assert set(target["distributions"]["cost"]) == {"before", "after"}
    assert set(target["distributions"]["cost"]["before"]) == summary
    assert set(target["distributions"]["cost"]["before"]["histogram"]) == {"edges", "counts", "above"}
    assert set(target["categories"][0]) == {"name", "rows", "comparators", "tokens_out", "cost", "seconds"}
    assert set(target["categories"][0]["comparators"][0]) == rate
    assert set(told["between"][0]) == compared | {"one", "other", "comparator"}
    assert set(told["gates"][0]) == {"gate", "passed", "why"}
    assert set(told["verdict"]) == {"level", "headline", "lines"}
    row = next(row for row in told["rows"] if row["status"] == "answered")
    assert set(row["facts"]["after"]) == {"seconds", "first", "tokens_in", "tokens_out", "usd", "stop"}
    assert set(row["verdicts"][0]) == {"name", "score", "passed", "reason", "differences", "flags"}


def test_no_rows_at_all():
    with report(
        [], targets=["up/new"], comparators=["exact"], strict=True, min_pass=["exact=0.9"], max_cost_ratio=2
    ) as found:
        told, text, printed = forms(found)
        assert not found.passed
        assert found.is_complete
    names_of(told)
    assert told["verdict"]["level"] == "bad"
    assert "there is no answer" in told["targets"][0]["verdict"]["headline"]
    assert told["targets"][0]["cost"] | {"compared": None} == {
        "before": None,
        "after": None,
        "ratio": None,
        "rows": 0,
        "missing": 0,
        "compared": None,
    }
    assert told["targets"][0]["comparators"][0]["sentence"] == "applies to no answer"
    assert told["rows"] == []
    assert "not known" in printed + text


def test_no_targets_at_all():
    with report([]) as found:
        told, *_ = forms(found)
    assert told["verdict"] == {"level": "none", "headline": "nothing was asked", "lines": []}


def test_one_row_is_not_enough_data():
    with report([answered()]) as found:
        told, text, printed = forms(found)
    assert told["verdict"]["level"] == "unsure"
    for each in (text, printed, told["verdict"]["headline"]):
        assert "not enough data to say" in " ".join(each.split())
    target = told["targets"][0]
    assert target["comparators"][0]["rate"]["low"] == pytest.approx(0.2065, abs=1e-4)
    assert target["cost"]["compared"]["difference"] == {"value": 0.0, "low": None, "high": None}
    assert target["cost"]["compared"]["needed"] is None
    assert target["cost"]["compared"]["sentence"] == "the same in the only answer"


def test_everything_unanswered():
    scored = [without(at, Status.UNANSWERED, "status 500") for at in range(5)]
    with report(scored, comparators=["exact"]) as found:
        told, text, printed = forms(found)
        assert not found.is_complete
    assert told["verdict"]["level"] == "none"
    assert any(
        "5 of 5 questions have no answer: 5 unanswered; most often: status 500 (5)" in line
        for line in told["verdict"]["lines"]
    )
    assert all(row["after"] is None and row["facts"]["after"] is None for row in told["rows"])
    assert "status 500" in text
    assert "status 500" in printed


def test_what_was_skipped_is_complete_and_what_is_left_is_not():
    for status, complete in ((Status.SKIPPED, True), (Status.UNANSWERED, False), (Status.LEFT, False)):
        with report([answered(1), without(2, status)]) as found:
            assert found.is_complete is complete


def test_many_without_an_answer_are_never_good():
    scored = [answered(at) for at in range(60)] + [without(at + 100) for at in range(10)]
    verdict = as_json(scored)["verdict"]
    assert verdict["level"] == "unsure"
    assert "10 of 70 questions have no answer: 10 skipped" in verdict["headline"]


def test_without_prices_nothing_is_zero():
    scored = [answered(at, before=side(usd=None), after=side(usd=None)) for at in range(8)]
    told = as_json(scored)
    cost = told["targets"][0]["cost"]
    assert (cost["before"], cost["after"], cost["ratio"], cost["rows"], cost["missing"]) == (
        None,
        None,
        None,
        0,
        8,
    )
    assert told["targets"][0]["distributions"]["cost"]["before"]["mean"] is None
    assert told["rows"][0]["facts"]["after"]["usd"] is None
    assert "cost: not known, since no answer has a price on both sides" in told["verdict"]["lines"]


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1.0])
def test_amounts_that_cannot_be_are_unknown(odd):
    one = Side(reply(), True, odd, odd, Usage(-4, 10**400), Decimal(str(odd)))
    target = as_json([answered(before=one, after=one, verdicts={"exact": Verdict(odd, None, "odd")})])[
        "targets"
    ][0]
    for name in ("cost", "seconds", "first", "tokens_in", "tokens_out"):
        assert (target[name]["rows"], target[name]["missing"]) == (0, 1)


def test_scores_stay_between_0_and_1():
    target = as_json(
        [
            answered(verdicts={"third": Verdict(7.0, True, "")}),
            answered(2, verdicts={"third": Verdict(-1.0, False, "")}),
        ]
    )["targets"][0]
    scores = target["comparators"][0]["scores"]
    assert (scores["lowest"], scores["highest"]) == (0.0, 1.0)


def test_a_comparator_met_late_and_one_of_another_target_have_their_columns():
    scored = [
        answered(1),
        answered(2, verdicts={"late": verdict()}),
        answered(3, target="up/other", verdicts={"other": verdict()}),
    ]
    told = as_json(scored)
    assert told["compare"] == ["exact", "late", "other"]
    for target in told["targets"]:
        assert [each["name"] for each in target["comparators"]] == ["exact", "late", "other"]
    assert [each["rows"] for each in told["targets"][0]["comparators"]] == [1, 1, 0]
    assert told["between"] == []


def test_very_many_categories_and_reasons_are_bounded(monkeypatch):
    monkeypatch.setattr(measuring, "MOST_GROUPS", 3)
    monkeypatch.setattr(tally, "MOST_WORDS", 4)
    scored = [answered(at, category=f"c{at}") for at in range(9)] + [
        without(at, reason=f"why {at}") for at in range(9)
    ]
    target = as_json(scored)["targets"][0]
    assert [group["name"] for group in target["categories"]] == ["", "c0", "c1", "(others)"]
    assert target["categories"][-1]["rows"] == 7
    assert sum(times for *_, times in target["reasons"]) == 9
    assert ["skipped", "(others)", 5] in target["reasons"]


def test_a_corpus_says_what_it_is_made_of():
    seen = Seen(2, 30, 25)
    seen.passed_over.update({"embeddings": 5})
    summary = Summary(seen, 20, 18, 17, 10, 4, (("the reply was cut", 1),))
    said = CorpusSaid.of(["tapes"], summary, where="model == 'a'", sample="10")
    told = as_json([], about=About("t", corpus=said))["corpus"]
    assert told == {
        "places": ["tapes"], "where": "model == 'a'", "sample": "10", "interactions": 30, "rows": 25, "matching": 20,
        "calls": 18, "usable": 17, "chosen": 10, "clusters": 4, "reasons": [["the reply was cut", 1]],
        "passed_over": [["embeddings", 5]], "unreadable": [],
    }  # fmt: skip


def test_the_rows_are_forgotten_at_the_end_also_after_an_error():
    with pytest.raises(ZeroDivisionError), Tally() as kept:
        kept.add(answered())
        assert len(kept) == len(kept.spool) == 1
        raise ZeroDivisionError
    with pytest.raises(sqlite3.ProgrammingError):
        len(kept.spool)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for the size of files")
def test_a_full_disk_is_one_clear_usage_error():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = Random(1)
    with Tally() as tally:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
            with pytest.raises(UsageError, match="TMPDIR") as caught:
                for at in range(3_000):
                    tally.add(answered(at, after=side(noise.randbytes(2_000).hex())))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)


def test_twenty_thousand_rows_stay_small():
    """Columns of numbers, not rows: some hundred bytes each."""
    of, verdicts = asked(1, category="a"), {"exact": verdict(), "json:a": verdict(False)}
    before, after = side(), side("No.", usd=0.002)

    def add(start, end):
        for number in range(start, end):
            of.__dict__["same"] = number.to_bytes(16, "big")
            of.cluster = f"c{number // 2}"
            kept.add(Scored(of, "up/new", 1, Status.ANSWERED, before, after, verdicts))

    with Tally() as kept:
        add(0, 19_000)
        tracemalloc.start()
        add(19_000, 20_000)
        added, _ = tracemalloc.get_traced_memory()
        found = Report(kept, About("much"))
        assert sum(map(len, islice(json_pieces(found), 1000))) > 500_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found.count == 20_000
    # Columns that grow are counted whole.
    assert added < 20_000 * 400
    assert peak < 20_000 * 1000


def test_long_words_and_many_comparators_stay_in_their_place():
    names = [f"json:field{at},another,and.one[*].more" for at in range(9)]
    scored = [
        answered(at, category="c" * 5000, verdicts={name: verdict(at % 2 == 0) for name in names})
        for at in range(6)
    ]
    scored.append(without(9, reason="why " * 5000))
    with report(scored) as found:
        told, text, printed = forms(found)
    assert len(told["targets"][0]["categories"][0]["name"]) == 200
    assert len(told["targets"][0]["reasons"][0][1]) == 400
    assert max(map(len, printed.splitlines())) <= 80
    assert len(text) < 60_200
