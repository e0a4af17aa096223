"""Quantiles, and their intervals by order statistics."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.quantiles import quantile, quantile_estimate

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(sorted)
SHARES = st.floats(0.01, 0.99)


@given(VALUES, st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values, share):
    assert quantile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-9, abs=1e-6)


@given(st.integers(1, 400), SHARES, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_are_those_of_scipy(count, share, confidence):
    values = [float(each) for each in range(count)]
    found = quantile_estimate(values, share, confidence=confidence)
    wanted = stats.quantile_test(values, p=share).confidence_interval(confidence)
    assert found.low == (-math.inf if math.isnan(wanted.low) else min(wanted.low, found.value))
    assert found.high == (math.inf if math.isnan(wanted.high) else max(wanted.high, found.value))


@given(VALUES, SHARES, st.floats(1, 80))
def test_the_interval_holds_the_quantile_and_grows_with_the_design_effect(values, share, effect):
    plain, wide = quantile_estimate(values, share), quantile_estimate(values, share, design_effect=effect)
    for found in (plain, wide):
        assert found.low <= found.value <= found.high
    assert wide.value == plain.value


def test_fewer_rows_in_truth_are_a_wider_interval():
    values = [float(each) for each in range(1000)]
    plain, wide = quantile_estimate(values, 0.5), quantile_estimate(values, 0.5, design_effect=4)
    assert (wide.high - wide.low) / (plain.high - plain.low) == pytest.approx(2, rel=0.05)


def test_too_few_values_bound_a_95th_percentile_from_one_side_only():
    assert quantile_estimate(list(range(71)), 0.95).high == math.inf
    assert quantile_estimate(list(range(72)), 0.95).is_bounded


def test_rounding_does_not_carry_an_end_past_the_last_value():
    """399 / 92 times 92 is a little more than 399."""
    assert quantile_estimate(list(range(399)), 0.95, design_effect=399 / 92).high == 398
    for rows in range(72, 100):
        for count in range(rows, 500):
            assert quantile_estimate(range(count), 0.95, design_effect=count / rows).value is not None


def test_without_values_there_is_no_quantile():
    found = quantile_estimate([], 0.5)
    assert (found.value, found.is_bounded) == (None, False)
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


@pytest.mark.parametrize(
    "wrong", [{"share": 0.0}, {"share": 95}, {"confidence": 1.0}, {"design_effect": 0.9}], ids=str
)
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError):
        quantile_estimate([1.0], **{"share": 0.5, **wrong})


def test_an_interval_of_95_percent_holds_the_true_median_at_least_so_often():
    held = 0
    for seed in range(400):
        random = Random(seed)
        found = quantile_estimate(sorted(random.expovariate(1.0) for _ in range(31)), 0.5)
        held += found.low <= math.log(2) <= found.high
    assert held / 400 >= 0.93
