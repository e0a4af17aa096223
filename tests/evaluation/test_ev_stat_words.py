"""Figures in words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.clusters import Clustering
from tokentape.evaluation.statistics.comparison import Comparison, compare_rates
from tokentape.evaluation.statistics.estimate import Estimate
from tokentape.evaluation.statistics.standing import Judgement, Standing, judged
from tokentape.evaluation.statistics.wilson import wilson
from tokentape.evaluation.statistics.words import (
    DOLLARS,
    RATE,
    SCORE,
    SECONDS,
    TOKENS,
    can_show,
    compared,
    figure,
    needs,
    p_value,
    sentence,
)

PLAIN = Comparison(
    before=0.95,
    after=0.92,
    difference=Estimate(-0.03, -0.07, 0.01),
    differ=12,
    p=0.11,
    clustering=Clustering(200, 200, None, 1.0),
    detectable=0.0432,
    matters=0.05,
    needed=175.3,
)


def test_the_whole_sentence():
    said = sentence(Estimate(0.92, 0.88, 0.95), PLAIN, judged(PLAIN))
    assert said == (
        "92 % (95 % interval 88 to 95), 3 points below the baseline; "
        "the corpus can show differences from 5 points on: not enough data to say"
    )


@pytest.mark.parametrize(
    ("estimate", "unit", "said"),
    [
        (Estimate(0.92, 0.88, 0.95), RATE, "92 % (95 % interval 88 to 95)"),
        (Estimate(0.9231, 0.9201, 0.926), RATE, "92.3 % (95 % interval 92.0 to 92.6)"),
        (Estimate(0.9996, 0.97, 1.0), RATE, "99.96 % (95 % interval 97.00 to 100.00)"),
        (Estimate(0.0004, 0.0, 0.03), RATE, "0.04 % (95 % interval 0.00 to 3.00)"),
        (Estimate(1.0, 0.84, 1.0), RATE, "100 % (95 % interval 84 to 100)"),
        (Estimate(0.5, 0.1, 0.9, 0.9), RATE, "50 % (90 % interval 10 to 90)"),
        (Estimate(0.5, 0.1, 0.9, 0.999), RATE, "50 % (99.9 % interval 10 to 90)"),
        (Estimate(1.84, 1.71, 1.98), SECONDS, "1.8 s (95 % interval 1.7 to 2.0)"),
        (Estimate(0.00123, 0.0011, 0.0014), DOLLARS, "$0.0012 (95 % interval 0.0011 to 0.0014)"),
        (Estimate(-0.2, -0.4, -0.05), DOLLARS, "-$0.2 (95 % interval -0.4 to -0.1)"),
        (Estimate(312.4, 280.0, 350.0), TOKENS, "312 tokens (95 % interval 280 to 350)"),
        (Estimate(-0.001, -0.4, 0.4), SCORE, "0.0 (95 % interval -0.4 to 0.4)"),
        (Estimate(1.5, 1.5, 1.5), SCORE, "1.5 (95 % interval 1.5 to 1.5)"),
        (
            Estimate(4.2, 3.1, math.inf),
            SECONDS,
            "4.2 s (95 % interval from 3.1 on; too few rows for its end)",
        ),
        (
            Estimate(4.2, -math.inf, 5.0),
            SECONDS,
            "4.2 s (95 % interval up to 5.0; too few rows for its start)",
        ),
        (Estimate(4.2, -math.inf, math.inf), SECONDS, "4.2 s (too few rows for an interval)"),
        (Estimate(None, 0.0, 1.0), RATE, "no data"),
    ],
)
def test_figures(estimate, unit, said):
    assert figure(estimate, unit) == said


def told(standing, **changes):
    found = replace(PLAIN, **changes)
    return compared(found, Judgement(standing, "why", found.p))


@pytest.mark.parametrize(
    ("value", "half", "said"),
    [
        (-0.03, 0.04, "3 points below the baseline"),
        (0.012, 0.02, "1 point above the baseline"),
        (0.0123, 0.004, "1.2 points above the baseline"),
        (0.003, 0.04, "less than 1 point above the baseline"),
        (0.0, 0.04, "level with the baseline"),
        (None, 1.0, "nothing to compare with the baseline"),
    ],
)
def test_differences(value, half, said):
    middle = value or 0.0
    difference = Estimate(value, middle - half, middle + half)
    assert told(Standing.HIGHER, difference=difference, p=0.02) == f"{said} (p = 0.02)"


def test_what_is_alike_says_how_far():
    assert told(Standing.ALIKE).endswith("below the baseline: alike, to within 5 points")


def test_where_nothing_could_be_shown_the_reason_is_said():
    assert (
        told(Standing.UNKNOWN, detectable=None) == "3 points below the baseline; why: not enough data to say"
    )


def test_what_a_correction_took_back_is_said_with_its_p_value():
    said = told(Standing.UNKNOWN, detectable=0.02)
    assert said == "3 points below the baseline (p = 0.11): not enough data to say"


def test_a_baseline_has_a_name():
    assert "below gpt-4o" in compared(PLAIN, judged(PLAIN), baseline="gpt-4o")


def test_seconds_and_dollars_are_compared_as_such():
    found = replace(PLAIN, difference=Estimate(0.31, 0.1, 0.5), p=0.004, matters=0.2)
    assert compared(found, judged(found), unit=SECONDS) == "0.3 s above the baseline (p = 0.004)"
    assert compared(found, judged(found), unit=DOLLARS) == "$0.3 above the baseline (p = 0.004)"


@pytest.mark.parametrize(
    ("detectable", "unit", "said"),
    [
        (0.0432, RATE, "5 points"),
        (0.05, RATE, "5 points"),
        (0.0104, RATE, "1.1 points"),
        (0.0034, RATE, "0.4 points"),
        (0.4, RATE, "40 points"),
        (1.04, SECONDS, "1.1 s"),
    ],
)
def test_what_a_corpus_can_show_is_rounded_up(detectable, unit, said):
    assert can_show(detectable, unit) == f"the corpus can show differences from {said} on"


@given(st.floats(1e-4, 1))
def test_rounding_up_never_promises_more_and_stays_near(detectable):
    said = float(can_show(detectable).split("from ")[1].split(" ")[0]) / 100
    assert detectable - 1e-9 <= said <= detectable * 4 / 3 + 1e-9


def test_what_is_needed():
    assert needs(PLAIN) == "a difference of 5 points needs 176 rows like these; there are 200"
    assert "cannot be told" in needs(replace(PLAIN, needed=math.inf))


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "p = 1"),
        (0.5312, "p = 0.53"),
        (0.0312, "p = 0.031"),
        (0.0499, "p = 0.0499"),
        (0.05, "p = 0.05"),
        (math.nextafter(0.05, 0), "p = 0.049999999999999996"),
        (0.0012, "p = 0.0012"),
        (0.0009, "p < 0.001"),
        (0.0, "p < 0.001"),
    ],
)
def test_p_values(p, said):
    assert p_value(p) == said


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 9)), max_size=50))
def test_every_comparison_has_one_line(rows):
    before, after, names = [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    found = compare_rates(before, after, names)
    said = sentence(wilson(sum(after), len(after)), found, judged(found))
    assert "\n" not in said
    assert "nan" not in said
    assert "inf" not in said
