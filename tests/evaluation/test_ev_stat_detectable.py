"""What a corpus can show, and how many rows a difference needs: checked against the exact power of the tests."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.detectable import (
    detectable_mean,
    detectable_rate,
    fewest_rows,
    rows_for_means,
    rows_for_rates,
)

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

RATES = st.floats(0.001, 1)
ROWS = st.integers(1, 100_000)


def exact_power(rows, difference, discordance):
    """How often McNemar's exact test finds it, over every number of changed rows and every split of them."""
    up = (discordance + difference) / 2 / discordance
    power = 0.0
    for changed in range(rows + 1):
        at = np.arange(changed + 1)
        p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(at, changed - at), changed, 0.5))
        found = stats.binom.pmf(at, changed, min(up, 1.0))[p < 0.05].sum()
        power += stats.binom.pmf(changed, rows, discordance) * found
    return power


@pytest.mark.parametrize(
    ("difference", "discordance"),
    [(0.05, 0.05), (0.05, 0.1), (0.1, 0.1), (0.1, 0.2), (0.2, 0.5), (0.3, 0.3), (0.4, 0.6)],
)
def test_the_rows_needed_have_the_power_that_was_asked_for(difference, discordance):
    rows = math.ceil(rows_for_rates(difference, discordance))
    assert 0.78 <= exact_power(rows, difference, discordance) <= 0.9


# R. J. Connor's own formula, without what the exact test adds.
def test_the_rows_needed_are_connors_and_a_few():
    z, power = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    connor = (z * math.sqrt(0.2) + power * math.sqrt(0.2 - 0.01)) ** 2 / 0.01
    assert rows_for_rates(0.1, 0.2) == pytest.approx(connor + 10)


@given(ROWS, st.floats(0, 1))
def test_what_rows_can_show_needs_just_those_rows(rows, discordance):
    found = detectable_rate(rows, discordance)
    if found is None:
        assert rows_for_rates(1.0, discordance) > rows
    else:
        assert 0 < found <= 1
        assert rows_for_rates(found, discordance) <= rows
        assert found < 1e-6 or rows_for_rates(found * 0.999, discordance) > rows


@given(RATES, RATES, st.floats(1.01, 3))
def test_smaller_differences_and_more_change_need_more_rows(difference, discordance, times):
    assert rows_for_rates(difference / times, discordance) >= rows_for_rates(difference, discordance)
    assert rows_for_rates(difference, min(1, discordance * times)) >= rows_for_rates(difference, discordance)
    assert rows_for_rates(-difference, discordance) == rows_for_rates(difference, discordance)


@pytest.mark.parametrize(("difference", "deviation"), [(0.5, 1.0), (0.1, 0.3), (1.0, 1.0), (2.0, 8.0)])
def test_the_rows_needed_for_means_have_the_power_of_students_test(difference, deviation):
    rows = math.ceil(rows_for_means(difference, deviation))
    shift = difference / deviation * math.sqrt(rows)
    limit = stats.t.ppf(0.975, rows - 1)
    power = stats.nct.sf(limit, rows - 1, shift) + stats.nct.cdf(-limit, rows - 1, shift)
    assert power == pytest.approx(0.8, abs=0.02)


@given(st.floats(3, 1e6), st.floats(1e-6, 1e6))
def test_what_means_can_show_needs_just_those_rows(rows, deviation):
    found = detectable_mean(rows, deviation)
    assert rows_for_means(found, deviation) == pytest.approx(rows)


def test_power_and_alpha_move_it():
    usual = detectable_rate(200, 0.1)
    assert detectable_rate(200, 0.1, power=0.9) > usual
    assert detectable_rate(200, 0.1, alpha=0.01) > usual
    assert rows_for_means(1, 2, power=0.9, alpha=0.01) > rows_for_means(1, 2)


def test_no_difference_needs_endless_rows():
    assert rows_for_rates(0.0, 0.3) == math.inf
    assert rows_for_means(0.0, 0.3) == math.inf


def test_where_nothing_can_be_said_nothing_is_said():
    assert detectable_rate(5, 0.0) is None
    assert detectable_mean(1.5, 1.0) is None
    assert detectable_mean(100, 0.0) is None


@pytest.mark.parametrize(("alpha", "rows"), [(0.05, 6), (0.01, 8), (0.5, 2)])
def test_with_fewer_rows_no_paired_test_finds_anything(alpha, rows):
    assert fewest_rows(alpha) == rows
    assert stats.binomtest(rows, rows).pvalue <= alpha < stats.binomtest(rows - 1, rows - 1).pvalue


@pytest.mark.parametrize("power", [0.2, 1.0, 80])
def test_a_power_is_a_share_over_one_half(power):
    with pytest.raises(ValueError, match="power"):
        rows_for_rates(0.1, 0.2, power=power)
