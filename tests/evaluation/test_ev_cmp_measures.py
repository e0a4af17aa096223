"""Numbers, lengths, times, costs and refusals."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from tokentape.evaluation.comparing.comparator import Difference, Pair, Side, Verdict
from tokentape.evaluation.comparing.numbers import numbers_in
from tokentape.evaluation.comparing.plain import folded
from tokentape.evaluation.comparing.refusals import PHRASES
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Refusal
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.testing.contracts.replies import calling, cut, failed, said


def compared(spec, before, after):
    (comparator,) = comparators_of(spec)
    before, after = (said(side) if isinstance(side, str) else side for side in (before, after))
    return comparator.compare(Pair(Conversation(()), before, after))


# ---- numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,234.5", [1234.5]),
        ("1.234,50 €", [1234.5]),
        ("1,234 and 12,345,678", [1234, 12345678]),
        ("1.234.567", [1234567]),
        ("1,23,456 rupees", [123456]),
        ("1'234.5 CHF, 1_000, 12\u202f345,6 km", [1234.5, 1000, 12345.6]),
        ("3,5 or 3.50", [3.5, 3.5]),
        ("12 %, 7.5%, 3 percent", [0.12, 0.075, 0.03]),
        ("1e6 2.5E-3 1e6x", [1e6, 2.5e-3, 1]),
        ("$5, US$6, €7.5, -$8 and (−9)", [5, 6, 7.5, -8, -9]),
        ("-5 at 3-4, 2026-11-21", [-5, 3, 4, 2026, 11, 21]),
        ("1. one\n2) two 2\n- 3 three", [2, 3]),
        ("gpt4 v1.2 H2O 1.2.3 10.0.0.1", []),
        ("5km .5 5.", [5, 0.5, 5]),
        ("1,22,33,44 and 1.5,2.5", [1, 22, 33, 44, 1.5, 2.5]),
        ("1" * 301 + " none", []),
        ("1e999", [math.inf]),
    ],
)
def test_numbers_are_found_as_people_write_them(text, found):
    assert list(numbers_in(text)) == pytest.approx(found)


@pytest.mark.parametrize(
    ("spec", "before", "after", "score"),
    [
        ("numbers", "1,234.5 and 12 %", "0.12 of 1.234,50", 1),
        ("numbers", "1 2 3 4", "4 3 2", 0.75),
        ("numbers", "1", "1 and 2", 0.5),
        ("numbers:extra=allowed", "1", "1 and 2", 1),
        ("numbers:0.01", "100", "100.9", 1),
        ("numbers:0.01", "100", "102", 0),
        ("numbers:absolute=2", "100 1", "102 3", 1),
        ("numbers", "none", "5", 0),
        ("numbers", "none", "none", None),
        ("numbers", '{"a": [1, 2], "b": true}', "```json\n[1, 2]\n```", 1),
        ("numbers", '{"a": "12 %", "n": NaN}', "0.12", 1),
    ],
)
def test_numbers_agree_within_a_tolerance(spec, before, after, score):
    verdict = compared(spec, before, after)
    assert verdict.score == score
    assert verdict.passed is (None if score is None else score == 1)


def test_numbers_without_a_counterpart_are_told():
    verdict = compared("numbers", "1 2 3 4 5 6", "6 and 7")
    assert verdict.reason == "missing: 1, 2, 3 and 2 more; new: 7"
    assert verdict.differences[0] == Difference("numbers", 1.0, None, "missing")
    assert verdict.differences[-1] == Difference("numbers", None, 7.0, "added")
    assert compared("numbers", "[1" + "0" * 400 + "]", "[1]").differences[0].before == math.inf


# ---- length, latency, cost


def test_length():
    assert compared("length", "a" * 50, "```\n" + "b" * 100 + "\n```").score == 0.5
    assert compared("length", "", "").score == 1
    assert compared("length", "a", "").score == 0
    assert compared("length:0.5,of=words", "one two", "one two three four").passed
    assert not compared("length:0.6,of=words", "one two", "one two three four").passed
    assert compared("length:of=tokens", said("x", tokens=10), said("x", tokens=40)).score == 0.25
    assert compared("length:of=tokens", said("x"), replace(said("x"), usage=None)).score is None


@pytest.mark.parametrize(
    ("spec", "before", "after", "score", "passed"),
    [
        ("latency", 1.0, 2.0, 0.5, None),
        ("latency", 2.0, 1.0, 1, None),
        ("latency:1.5", 1.0, 1.5, 1 / 1.5, True),
        ("latency:1.5", 1.0, 1.6, 1 / 1.6, False),
        ("latency:1.5,of=first", 1.0, 4.0, 0.25, False),
        ("latency:2", 0.0, 1.0, 0, False),
        ("latency:2", 0.0, 0.0, 1, True),
        ("latency", math.nan, 1.0, None, None),
        ("latency", 1.0, -1.0, None, None),
    ],
)
def test_latency(spec, before, after, score, passed):
    verdict = compared(spec, said("x", seconds=before), said("x", seconds=after))
    assert (verdict.score, verdict.passed) == (score, passed)


def test_cost():
    verdict = compared("cost:1.5", said("x", cost="0.001"), said("x", cost="0.004"))
    assert (verdict.score, verdict.passed) == (0.25, False)
    assert verdict.reason == "cost: 0.001 USD, now 0.004 USD, 4 times as much; at most 1.5 times is allowed"
    assert compared("cost", said("x"), said("x")).reason == "cost: 0.001 USD, now 0.001 USD, the same"
    assert compared("cost:2", said("x", cost="0"), said("x")).reason.endswith(
        "from nothing; at most 2 times is allowed"
    )
    for unknown in (None, Decimal("NaN"), Decimal("sNaN"), Decimal(-1)):
        verdict = compared("cost", said("x"), replace(said("x"), cost=unknown))
        assert (verdict.score, verdict.reason) == (None, "no price is known for the new reply")


# ---- refusals


def replied(*items, stop=None, failure=None):
    return Side(Reply((Choice(items, stop),), failure=failure), is_whole=failure is None)


@pytest.mark.parametrize(
    ("side", "evidence"),
    [
        (replied(stop=Stop(StopReason.REFUSAL, "refusal")), 'it stopped for "refusal"'),
        (replied(stop=Stop(StopReason.CONTENT_FILTER)), 'it stopped for "content_filter"'),
        (replied(Message(Role.ASSISTANT, (Refusal("No."),))), "it has a part that is a refusal"),
        (replied(failure=Failure(FailureKind.CONTENT_FILTER, "x")), "a content filter refused it"),
        (said("I’m sorry, but I can’t help with that."), 'it says "i can\'t help with" (English)'),
        (
            said("Es tut mir leid, dabei kann ich nicht helfen."),
            'it says "dabei kann ich nicht helfen" (German)',
        ),
    ],
)
def test_a_refusal_names_its_evidence(side, evidence):
    verdict = compared("refusal", "Of course.", side)
    assert (verdict.score, verdict.passed, verdict.flags) == (0, False, ("refuses now",))
    assert verdict.reason == f"the new reply refuses: {evidence}"
    assert compared("refusal", side, side).reason == f"both refuse: {evidence}"
    back = compared("refusal", side, "Of course.")
    assert (back.score, back.flags) == (0, ("answers now",))


@pytest.mark.parametrize(
    "side",
    [
        "I'm sorry to hear that. Let us look at it.",
        "Here is the story: " + "x " * 300 + "'I can't help with that', he said.",
        said("I can't help with that yet; I will look it up.", calling("search", {})),
        "",
    ],
)
def test_what_is_no_refusal(side):
    verdict = compared("refusal", "Of course.", side)
    assert (verdict.score, verdict.reason) == (1, "neither refuses")


def test_a_cut_reply_tells_nothing_about_refusals():
    assert compared("refusal", "x", cut(said("x"))).score is None
    assert compared("refusal", cut(said("x")), "x").score is None


def test_a_refusal_beside_a_reply_that_is_not_whole_tells_nothing():
    no = said("I'm sorry, but I can't help with that.")
    for side, why in ((cut(said("x")), "it was cut"), (failed(), "it failed (server)")):
        assert compared("refusal", no, side) == Verdict(None, None, f"the new reply is not whole: {why}")
        assert compared("refusal", side, no) == Verdict(None, None, f"the recorded reply is not whole: {why}")
    assert compared("refusal", "x", cut(no)).flags == ("refuses now",)


def test_phrases_are_written_as_texts_are_folded():
    for phrases in PHRASES.values():
        assert [folded(phrase) for phrase in phrases] == list(phrases)
        assert len(set(phrases)) == len(phrases)
