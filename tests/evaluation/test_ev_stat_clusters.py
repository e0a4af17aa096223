"""Intracluster correlation, design effect, and the effective number of rows."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.clusters import Gathered, clustering, gathered
from tokentape.evaluation.statistics.wilson import pass_rate

stats = pytest.importorskip("scipy.stats")

ROWS = st.lists(st.tuples(st.integers(0, 6), st.floats(-100, 100)), max_size=40)


@pytest.mark.parametrize("alike", [0.0, 0.5, 3.0])
def test_the_correlation_is_that_of_the_analysis_of_variance(alike):
    random, size = Random(1), 5
    groups = []
    for _ in range(30):
        level = random.gauss(0, alike)
        groups.append([level + random.gauss(0, 1) for _ in range(size)])
    ratio = stats.f_oneway(*groups).statistic
    found = clustering([v for group in groups for v in group], [at for at in range(30) for _ in range(size)])
    assert found.correlation == pytest.approx((ratio - 1) / (ratio + size - 1))
    assert found.design_effect == pytest.approx(1 + (size - 1) * max(0.0, found.correlation))


def test_sizes_that_differ_are_weighed():
    """By hand: sizes 1, 2, 3; sums of squares 4.5 between and 1 within; mean squares 2.25 and 1/3."""
    found = clustering([1.0, 2.0, 3.0, 3.0, 4.0, 3.5], ["a", "b", "b", "c", "c", "c"])
    between = 1 * (1 - 2.75) ** 2 + 2 * (2.5 - 2.75) ** 2 + 3 * (3.5 - 2.75) ** 2
    within = (0.25 + 0.25 + 0.25 + 0.25) / 3
    size = (6 - 14 / 6) / 2
    wanted = (between / 2 - within) / (between / 2 + (size - 1) * within)
    assert found.correlation == pytest.approx(wanted)
    assert found.design_effect == pytest.approx(1 + (14 / 6 - 1) * wanted)
    assert found.effective == pytest.approx(6 / found.design_effect)


@given(ROWS)
def test_rows_are_worth_no_more_than_they_are_and_no_less_than_one_conversation(rows):
    found = clustering([value for _, value in rows], [name for name, _ in rows])
    assert found.rows == len(rows)
    assert found.design_effect >= 1
    assert found.effective <= found.rows
    if rows:
        assert found.effective >= 1 - 1e-9
    if found.correlation is not None:
        assert found.correlation <= 1 + 1e-9


@given(st.lists(st.floats(-100, 100), max_size=20))
def test_rows_of_their_own_are_worth_themselves(values):
    for found in (clustering(values), clustering(values, list(range(len(values))))):
        assert (found.design_effect, found.correlation, found.is_plain) == (1.0, None, True)


def test_copies_are_worth_one_row():
    found = clustering([1.0, 1.0, 0.0, 0.0, 3.0, 3.0], list("aabbcc"))
    assert found.correlation == pytest.approx(1)
    assert found.effective == pytest.approx(3)


def test_differences_too_small_to_be_squared_are_none():
    assert clustering([0.0, 0.0, 1e-200], ["a", "a", "b"]).correlation is None


@pytest.mark.parametrize("names", ["aaaa", "aabb"])
def test_where_nothing_tells_how_alike_turns_are_they_are_alike(names):
    found = clustering([1.0] * 4, list(names))
    assert found.correlation is None
    assert found.effective == len(set(names))


def test_one_conversation_is_worth_one_row_whatever_it_holds():
    assert clustering([1.0, 0.0, 1.0], ["a"] * 3).effective == 1


def test_values_are_gathered_in_the_order_of_their_conversations():
    assert gathered([1, 2, 4], ["b", "a", "b"]) == Gathered([5, 2], [2, 1])
    assert gathered([1, 2]) == Gathered([1, 2], [1, 1])


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(ValueError):
        gathered([1.0], ["a", "b"])
    with pytest.raises(ValueError, match="finite"):
        gathered([float("nan")])


def test_the_interval_of_a_rate_holds_the_truth_only_if_it_knows_the_conversations():
    """Half of the conversations pass with 0.6, the others always: 0.8 in truth."""
    random, runs, knowing, plain = Random(5), 400, 0, 0
    for _ in range(runs):
        turns = [(at, random.choice([0.6, 1.0])) for at in range(30)]
        names = [at for at, _ in turns for _ in range(6)]
        passes = [random.random() < chance for _, chance in turns for _ in range(6)]
        with_them, without = pass_rate(passes, names), pass_rate(passes)
        knowing += with_them.low <= 0.8 <= with_them.high
        plain += without.low <= 0.8 <= without.high
    assert knowing / runs > 0.92 > plain / runs
