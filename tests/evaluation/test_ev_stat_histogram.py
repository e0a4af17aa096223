"""Distributions in short: bins with round edges, and the summary around them."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.histogram import MOST_BINS, histogram
from tokentape.evaluation.statistics.summary import summarised

VALUES = st.lists(st.floats(-1e9, 1e9).filter(lambda each: each == 0 or abs(each) > 1e-9), max_size=60)


@given(VALUES)
def test_every_value_is_in_one_bin_or_beyond_the_last(values):
    found = histogram(values)
    assert found.total == len(values)
    assert len(found.counts) <= MOST_BINS
    assert len(found.edges) == (len(found.counts) + 1 if values else 0)
    assert all(low < high for low, high in zip(found.edges, found.edges[1:], strict=False))
    for at, count in enumerate(found.counts):
        last = at == len(found.counts) - 1
        low, high = found.edges[at], found.edges[at + 1]
        assert count == sum(low <= each < high or (last and each == high) for each in values)
    if values:
        assert found.above == sum(each > found.edges[-1] for each in values)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_scores_have_bins_from_0_to_1(scores):
    found = histogram(scores, bounds=(0.0, 1.0))
    assert (found.edges[0], found.edges[-1], found.above) == (0.0, 1.0, 0)
    assert len(found.counts) <= MOST_BINS
    assert found.total == len(scores)


def test_edges_are_round():
    random = Random(1)
    found = histogram(random.gauss(10, 2) for _ in range(500))
    assert {high - low for low, high in zip(found.edges, found.edges[1:], strict=False)} == {1.0}
    assert all(edge == round(edge) for edge in found.edges)
    assert histogram([0.12, 0.31, 0.38, 0.44, 0.58]).edges == (0.0, 0.2, 0.4, 0.6)


def test_a_long_tail_is_counted_and_not_drawn():
    found = histogram([1.0, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.1, 900.0])
    assert found.above == 1
    assert found.edges[-1] < 10


def test_what_is_only_somewhat_far_is_drawn():
    assert histogram([0.12, 0.31, 0.33, 0.34, 0.58]).above == 0


def test_equal_values_are_one_bin():
    assert histogram([5.0] * 9).counts == (9,)
    assert histogram([0.0] * 3).edges == (0.0, 1.0)


def test_mostly_equal_values_keep_the_others_in_sight():
    found = histogram([0.0] * 90 + [10.0] * 10)
    assert (found.counts[0], found.counts[-1], found.above) == (90, 10, 0)


@pytest.mark.parametrize(
    ("values", "bounds"), [([math.nan], None), ([math.inf], None), ([1.2], (0.0, 1.0))], ids=str
)
def test_what_has_no_bin_is_refused(values, bounds):
    with pytest.raises(ValueError):
        histogram(values, bounds=bounds)


def test_no_values_no_bins():
    assert histogram([]).edges == ()


def test_a_summary_counts_what_is_missing_nowhere_else():
    found = summarised([3.0, None, 1.0, 2.0, None])
    assert (found.count, found.missing, found.lowest, found.highest) == (3, 2, 1.0, 3.0)
    assert (found.mean, found.deviation, found.median.value) == (2.0, 1.0, 2.0)
    assert found.p95.value == pytest.approx(2.9)
    assert found.histogram.total == 3


def test_a_summary_of_nothing_says_so():
    found = summarised([None])
    assert (found.count, found.missing, found.mean, found.deviation, found.lowest) == (0, 1, None, None, None)
    assert found.median.value is None
    assert summarised([4.0]).deviation is None
