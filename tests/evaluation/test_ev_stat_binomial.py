"""Exact tests of counts: McNemar's and the sign test, with the binomial chances below them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.binomial import at_most, exactly
from tokentape.evaluation.statistics.mcnemar import mcnemar
from tokentape.evaluation.statistics.paired import Paired
from tokentape.evaluation.statistics.signs import sign_test

stats = pytest.importorskip("scipy.stats")

TRIALS = st.integers(0, 20_000).flatmap(
    lambda trials: st.tuples(st.integers(-1, trials + 1), st.just(trials))
)
FEW = st.integers(0, 400)


@given(TRIALS, st.floats(0.001, 0.999))
def test_chances_are_those_of_scipy(drawn, chance):
    hits, trials = drawn
    assert exactly(hits, trials, chance) == pytest.approx(
        stats.binom.pmf(hits, trials, chance), rel=1e-7, abs=1e-250
    )
    assert at_most(hits, trials, chance) == pytest.approx(
        stats.binom.cdf(hits, trials, chance), rel=1e-7, abs=1e-250
    )


def test_many_trials_keep_their_digits():
    wanted = stats.binom.cdf(49_500, 100_000, 0.5)
    assert at_most(49_500, 100_000, 0.5) == pytest.approx(wanted, rel=1e-8)


@given(FEW, FEW)
def test_mcnemar_is_the_two_sided_binomial_test(gained, lost):
    found = mcnemar(Paired(7, lost, gained, 3))
    wanted = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert found.p == pytest.approx(wanted, rel=1e-9)
    assert (found.gained, found.lost) == (gained, lost)


@given(FEW, FEW)
def test_mid_p_leaves_out_half_of_what_was_seen(gained, lost):
    found = mcnemar(Paired(0, lost, gained, 0))
    seen = stats.binom.pmf(min(gained, lost), gained + lost, 0.5)
    tail = stats.binom.cdf(min(gained, lost), gained + lost, 0.5)
    assert found.mid_p == pytest.approx(min(1.0, 2 * (tail - seen / 2)), rel=1e-9)
    assert 0 < found.mid_p <= found.p <= 1


@given(FEW, FEW, FEW, FEW)
def test_rows_that_did_not_change_and_the_direction_do_not_matter(gained, lost, both, neither):
    one, other = mcnemar(Paired(both, lost, gained, neither)), mcnemar(Paired(0, gained, lost, 0))
    assert (one.p, one.mid_p) == (other.p, other.mid_p)


def test_no_change_is_no_finding():
    found = mcnemar(Paired(90, 0, 0, 10))
    assert (found.p, found.mid_p) == (1.0, 1.0)


@given(st.lists(st.floats(-10, 10)))
def test_the_sign_test_counts_directions_only(differences):
    found = sign_test(differences)
    assert found.up + found.down + found.ties == len(differences)
    assert sign_test(each * 3 for each in differences if abs(each) > 1e-300) == sign_test(
        each for each in differences if abs(each) > 1e-300
    )
    turned = sign_test(-each for each in differences)
    assert (turned.up, turned.down, turned.p) == (found.down, found.up, found.p)
    tosses = found.up + found.down
    assert found.p == pytest.approx(stats.binomtest(found.up, tosses).pvalue if tosses else 1.0)
