"""Pass rates: Wilson's interval, and Newcombe's of a paired difference."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.paired import Paired, paired, rate_difference
from tokentape.evaluation.statistics.wilson import pass_rate, wilson

stats = pytest.importorskip("scipy.stats")

COUNTS = st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
CELLS = st.builds(Paired, *[st.integers(0, 60)] * 4)


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_the_interval_that_scipy_gives(counts, confidence):
    passed, total = counts
    found = wilson(passed, total, confidence=confidence)
    wanted = stats.binomtest(passed, total).proportion_ci(confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    assert found.value == passed / total


@given(COUNTS, st.floats(1, 50))
def test_wilson_stays_inside_and_holds_its_value(counts, effect):
    found = wilson(*counts, design_effect=effect)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


@given(COUNTS, st.floats(1, 50))
def test_turned_round_wilson_is_its_mirror(counts, effect):
    passed, total = counts
    found, other = (
        wilson(passed, total, design_effect=effect),
        wilson(total - passed, total, design_effect=effect),
    )
    assert (found.low, found.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)


def test_a_rate_that_is_none_or_all_has_exact_ends():
    assert wilson(0, 20).low == 0.0
    assert wilson(20, 20).high == 1.0
    assert wilson(0, 20).high == pytest.approx(0.1611, abs=1e-4)


def test_without_rows_everything_is_possible():
    found = wilson(0, 0)
    assert (found.value, found.low, found.high) == (None, 0.0, 1.0)


def test_a_design_effect_is_fewer_rows_of_the_same_share():
    assert wilson(60, 80, design_effect=4) == wilson(15, 20)


def test_turns_that_pass_together_are_worth_fewer_rows():
    passes = [True] * 12 + [False] * 4
    assert pass_rate(passes) == wilson(12, 16)
    assert pass_rate(passes, [at // 4 for at in range(16)]) == wilson(12, 16, design_effect=4)
    assert pass_rate([]) == wilson(0, 0)


@pytest.mark.parametrize(
    ("passed", "total", "more"),
    [
        (3, 2, {}),
        (-1, 2, {}),
        (1, 2, {"design_effect": 0.5}),
        (1, 2, {"confidence": 1.0}),
        (1, 2, {"confidence": 95}),
    ],
    ids=["more than all", "less than none", "effect", "certain", "percent"],
)
def test_what_cannot_be_is_refused(passed, total, more):
    with pytest.raises(ValueError):
        wilson(passed, total, **more)


def test_pairs_are_counted():
    before = [True, True, False, False, True]
    after = [True, False, True, False, True]
    found = paired(before, after)
    assert found == Paired(both=2, lost=1, gained=1, neither=1)
    assert (found.before, found.after, found.rows, found.discordance) == (3, 3, 5, 0.4)


def test_runs_of_other_lengths_are_no_pairs():
    with pytest.raises(ValueError):
        paired([True], [True, False])


# Published with the method (Newcombe 1998, table II, method 10): before minus after.
def test_the_difference_has_the_published_interval():
    found = rate_difference(Paired(both=36, lost=12, gained=2, neither=0))
    assert (-found.high, -found.low) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert found.value == pytest.approx(-0.2)


@given(CELLS, st.floats(1, 20))
def test_the_difference_lies_in_its_interval(counts, effect):
    found = rate_difference(counts, design_effect=effect)
    assert -1 <= found.low <= found.high <= 1
    if counts.rows:
        assert found.low <= found.value <= found.high


@given(CELLS)
def test_before_and_after_changed_round_turn_the_sign(counts):
    found = rate_difference(counts)
    other = rate_difference(Paired(counts.both, counts.gained, counts.lost, counts.neither))
    assert (found.low, found.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


def test_no_row_changed_is_no_certainty():
    assert rate_difference(Paired(20, 0, 0, 0)).high > 0.1
    assert rate_difference(Paired(0, 0, 0, 0)) == rate_difference(Paired(0, 0, 0, 0), design_effect=3)


@pytest.mark.parametrize(
    "chances", [(0.8, 0.1, 0.05, 0.05), (0.5, 0.1, 0.1, 0.3), (0.9, 0.04, 0.04, 0.02)], ids=str
)
def test_the_interval_holds_the_true_difference_as_often_as_it_says(chances):
    """Over every table of 20 rows, weighed by its chance."""
    rows, true, held = 20, chances[2] - chances[1], 0.0
    for both in range(rows + 1):
        for lost in range(rows + 1 - both):
            for gained in range(rows + 1 - both - lost):
                cells = (both, lost, gained, rows - both - lost - gained)
                found = rate_difference(Paired(*cells))
                if found.low <= true <= found.high:
                    ways = math.factorial(rows) / math.prod(map(math.factorial, cells))
                    held += ways * math.prod(
                        chance**cell for chance, cell in zip(chances, cells, strict=True)
                    )
    assert 0.94 <= held <= 1
