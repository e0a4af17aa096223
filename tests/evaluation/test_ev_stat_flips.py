"""The permutation test by flipped signs."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.flips import ALL_OF, flip_test
from tokentape.evaluation.statistics.mcnemar import mcnemar
from tokentape.evaluation.statistics.paired import Paired
from tokentape.evaluation.statistics.signs import sign_test

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")


# Eighths, so that equal sums are equal in scipy, too, however they are added up.
@given(st.lists(st.integers(-40, 40).filter(bool).map(lambda each: each / 8), min_size=2, max_size=9))
def test_few_rows_give_the_exact_value_of_scipy(differences):
    found = flip_test(differences)
    wanted = stats.permutation_test(
        (differences, [0.0] * len(differences)),
        lambda one, other, axis: np.mean(one - other, axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    assert found.draws is None
    assert found.p == pytest.approx(wanted.pvalue)


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 30))
def test_of_passes_and_failures_it_is_mcnemars_test(gained, lost, same):
    found = flip_test([1.0] * gained + [-1.0] * lost + [0.0] * same)
    assert found.p == pytest.approx(mcnemar(Paired(same, lost, gained, 0)).p)
    assert (found.total, found.changed) == (gained - lost, gained + lost)


def test_of_many_passes_and_failures_it_is_nearly_so():
    found = flip_test([1.0] * 60 + [-1.0] * 40, draws=20_000)
    assert found.draws == 20_000
    assert found.p == pytest.approx(mcnemar(Paired(0, 40, 60, 0)).p, abs=0.006)


def test_of_signs_it_is_the_sign_test():
    differences = [3.0, -0.2, 0.5, 7.0, 0.1, 2.0, 0.0]
    signs = [(each > 0) - (each < 0) for each in differences]
    assert flip_test(signs).p == pytest.approx(sign_test(differences).p)


def test_turns_of_one_conversation_flip_together():
    """Ten turns that changed together are one change."""
    assert flip_test([1.0] * 10).p == 2 / 2**10
    assert flip_test([1.0] * 10, ["a"] * 10).p == 1.0
    assert flip_test([1.0] * 10, [each // 2 for each in range(10)]).p == 2 / 2**5


def test_changes_that_cancel_in_a_conversation_are_none():
    assert flip_test([1.0, -1.0, 0.5], ["a", "a", "b"]).changed == 1


@given(st.lists(st.floats(-5, 5), max_size=40), st.integers(0, 3))
def test_p_is_a_chance_and_does_not_know_the_direction(differences, seed):
    found = flip_test(differences, draws=60, seed=seed)
    assert 0 < found.p <= 1
    assert flip_test(differences, draws=60, seed=seed) == found
    assert flip_test([-each for each in differences], draws=60, seed=seed).p == found.p


def test_a_sample_of_flips_never_says_impossible():
    assert flip_test([1.0] * 20, draws=9).p == pytest.approx(2 * math.exp(-10))
    assert flip_test([1.0] * 3000, draws=99).p > 0
    # One change outweighs the others: the bound says nothing, and the sample counts what was seen.
    assert flip_test([30.0] + [1.0] * 20, draws=99).p >= 1 / 100


@given(st.lists(st.integers(1, 9), min_size=15, max_size=17), st.data())
def test_a_sampled_p_that_is_small_is_not_below_the_exact_one(sizes, data):
    signs = data.draw(st.lists(st.sampled_from([1, 1, 1, -1]), min_size=len(sizes), max_size=len(sizes)))
    differences = [float(size * sign) for size, sign in zip(sizes, signs, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tokentape.evaluation.statistics.flips.ALL_OF", 20)
        exact = flip_test(differences).p
    found = flip_test(differences, draws=3).p
    assert found >= min(exact, 1 / 4) * (1 - 1e-9)


def test_exact_and_sampled_agree_where_one_ends_and_the_other_begins():
    random = Random(2)
    differences = [random.gauss(0.4, 1) for _ in range(ALL_OF)]
    # A change so small that it cannot decide anything makes one cluster more.
    exact, sampled = flip_test(differences), flip_test([*differences, 1e-9], draws=20_000)
    assert exact.draws is None
    assert sampled.draws == 20_000
    assert sampled.p == pytest.approx(exact.p, abs=0.015)


def test_nothing_to_compare_is_no_finding():
    assert flip_test([]).p == 1.0
    assert flip_test([0.0, 0.0]).p == 1.0


def test_the_order_of_the_rows_does_not_matter():
    random = Random(5)
    differences = [random.gauss(0.2, 1) for _ in range(40)]
    assert flip_test(differences[::-1]).p == flip_test(differences).p


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.04])
def test_beyond_so_many_changes_the_normal_distribution_gives_what_draws_do(shift, monkeypatch):
    random = Random(6)
    differences = [random.gauss(shift, 1) for _ in range(4200)]
    found = flip_test(differences)
    monkeypatch.setattr("tokentape.evaluation.statistics.flips.LARGE", 10_000)
    assert found.draws == 0
    assert found.p == pytest.approx(flip_test(differences, draws=8000).p, abs=0.015)


def test_of_very_many_passes_and_failures_it_is_nearly_mcnemars_test():
    found = flip_test([1.0] * 2600 + [-1.0] * 2480)
    assert found.p == pytest.approx(mcnemar(Paired(0, 2480, 2600, 0)).p, abs=0.005)
    assert flip_test([1.0] * 5000).p > 0
