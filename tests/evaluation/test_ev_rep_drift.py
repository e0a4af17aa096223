"""Figures on drift: the same answers of today beside the recording, and beside each other."""

from __future__ import annotations

import pytest
from ev_corpora import chat

from tokentape.evaluation.comparing.comparator import Side, Verdict
from tokentape.evaluation.corpus.row import Row
from tokentape.evaluation.reporting.about import About
from tokentape.evaluation.reporting.figures import Level
from tokentape.evaluation.reporting.gates import Gates
from tokentape.evaluation.reporting.report import Report
from tokentape.evaluation.reporting.tally import Tally
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.protocols.canonical.reply import Reply

stats = pytest.importorskip("scipy.stats")

PASS, FAIL = Verdict(1.0, True, "alike"), Verdict(0.0, False, "not alike")


def scored(number, sample, verdict, target="up/m"):
    row = Row(chat(f"Question {number}?"), "tape")
    side = Side(Reply(()))
    return Scored(row, target, sample, Status.ANSWERED, side, side, {"exact": verdict})


def report(recorded, noise, gate="significant", unanswered=0, **gates):
    """`recorded[row][sample]` agrees with the recording, `noise[row]` with the first answer (samples from 2)."""
    tally = Tally(["up/m"], ["exact"])
    for number, (agreeing, among) in enumerate(zip(recorded, noise, strict=True)):
        for sample, agrees in enumerate(agreeing, start=1):
            tally.add(scored(number, sample, PASS if agrees else FAIL))
        for sample, agrees in enumerate(among, start=2):
            tally.add_noise(scored(number, sample, PASS if agrees else FAIL))
    for number in range(unanswered):
        row = Row(chat(f"Without {number}?"), "tape")
        tally.add(Scored(row, "up/m", 1, Status.UNANSWERED, Side(Reply(())), reason="status 500"))
    made = Report(tally, About("t", "drift"), Gates.of(drift=gate, **gates))
    tally.close()
    return made.figures


def test_what_changes_beyond_the_noise_is_drift():
    recorded = [(True, True)] * 10 + [(False, False)] * 12
    noise = [(True,)] * 20 + [(False,)] * 2
    found = report(recorded, noise)
    (drifted,) = found.drift.comparisons
    assert (drifted.before, drifted.after) == (20 / 22, 10 / 22)
    # 10 answers agree with the other one of today and not with the recording, none the other way round.
    assert drifted.p == pytest.approx(stats.binomtest(0, 10, 0.5).pvalue)
    assert drifted.standing == "lower"
    assert drifted.changed == 10
    assert found.verdict.level is found.targets[0].verdict.level is Level.BAD
    (gate,) = found.gates
    assert (gate.gate, gate.passed) == ("drift (significant)", False)


def test_what_differs_as_much_among_itself_has_not_drifted():
    recorded = [(n % 3 > 0, n % 3 > 0) for n in range(600)]
    noise = [(n % 3 > 0,) for n in range(600)]
    found = report(recorded, noise)
    assert found.verdict.level is Level.GOOD
    assert found.gates[0].passed
    assert found.drift.comparisons[0].changed == 0


def test_few_answers_say_nothing_yet():
    found = report([(False, False)] * 4, [(True,)] * 4)
    assert found.verdict.level is Level.UNSURE
    assert "not enough data" in found.verdict.headline
    assert found.gates[0].passed


def test_one_answer_to_a_question_says_nothing_of_noise():
    found = report([(False,)] * 30, [()] * 30)
    assert found.drift.comparisons == ()
    assert "noise is not known" in found.verdict.headline
    (gate,) = found.gates
    assert (gate.passed, "nothing to go by" in gate.why) == (False, True)


@pytest.mark.parametrize(("gate", "passed"), [("any", [False]), ("never", [])])
def test_a_run_may_fail_by_any_answer_or_by_none(gate, passed):
    found = report([(True, False)] * 4, [(False,)] * 4, gate)
    assert [each.passed for each in found.gates] == passed


def test_what_was_not_answered_is_told_and_never_called_good():
    same = [(True, True)] * 200, [(True,)] * 200
    assert report(*same).verdict.level is Level.GOOD
    few, many = report(*same, unanswered=2), report(*same, unanswered=60)
    assert few.verdict.level is Level.GOOD
    assert "2 of 402 questions have no answer: 2 unanswered; most often: status 500 (2)" in few.verdict.lines
    assert many.verdict.level is Level.UNSURE
    assert "too much was not answered" in many.verdict.headline


def test_a_failed_gate_is_the_verdict_here_too():
    found = report(
        [(True, True)] * 170 + [(False, False)] * 30,
        [(True,)] * 170 + [(False,)] * 30,
        min_pass=["exact=0.9"],
    )
    assert [each.passed for each in found.gates] == [True, False]
    assert found.verdict.level is Level.BAD
    assert found.verdict.headline.startswith("1 of 2 gates failed; up/m answers as it was recorded")


def test_nothing_to_go_by_is_no_agreement():
    (gate,) = report([], [], "any").gates
    assert (gate.passed, gate.why) == (False, "there is nothing to go by: no answer was judged")
    (gate,) = report([(True, True)] * 3, [(True,)] * 3, "any").gates
    assert (gate.passed, gate.why) == (True, "all 6 verdicts agree with the recording")


def test_what_today_agrees_in_is_told():
    ((target, (rate,)),) = report([(True, True)] * 8, [(True,)] * 6 + [(False,)] * 2).drift.noise
    assert (target, rate.name, rate.passed, rate.failed) == ("up/m", "exact", 6, 2)


def test_a_report_without_a_target_says_so():
    tally = Tally()
    found = Report(tally, About("t", "drift")).figures
    tally.close()
    assert (found.verdict.level, found.verdict.headline) == (Level.NONE, "nothing was asked")
