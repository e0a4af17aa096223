"""Corrections for several tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.corrections import benjamini_hochberg, holm

stats = pytest.importorskip("scipy.stats")

P_VALUES = st.lists(st.floats(0, 1), max_size=12)
ALPHAS = st.sampled_from([0.01, 0.05, 0.2])


@given(P_VALUES.filter(bool))
def test_benjamini_and_hochberg_as_scipy_has_it(p_values):
    assert benjamini_hochberg(p_values) == pytest.approx(list(stats.false_discovery_control(p_values)))


@given(P_VALUES, ALPHAS)
def test_holm_rejects_what_stepping_down_rejects(p_values, alpha):
    """By the procedure itself: the k-th smallest of m is held against alpha / (m - k), until one stays."""
    rejected = set()
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[at] * (len(p_values) - rank) > alpha:
            break
        rejected.add(at)
    assert {at for at, p in enumerate(holm(p_values)) if p <= alpha} == rejected


@given(P_VALUES)
def test_a_correction_never_helps_and_holm_is_the_stricter(p_values):
    for p, fewer, strict in zip(p_values, benjamini_hochberg(p_values), holm(p_values), strict=True):
        assert p <= fewer * (1 + 1e-12)
        assert fewer <= strict * (1 + 1e-12)
        assert strict <= 1


@given(P_VALUES, st.randoms())
def test_order_does_not_matter(p_values, random):
    order = list(range(len(p_values)))
    random.shuffle(order)
    for correct in (holm, benjamini_hochberg):
        shuffled = correct([p_values[at] for at in order])
        assert shuffled == [correct(p_values)[at] for at in order]


def test_one_test_alone_is_not_corrected():
    assert holm([0.03]) == benjamini_hochberg([0.03]) == [0.03]
    assert holm([]) == benjamini_hochberg([]) == []


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(wrong):
    for correct in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match="between 0 and 1"):
            correct([0.5, wrong])
