"""The bootstrap of a mean, and of a paired difference of means."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.bootstrap import bootstrap

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def skewed(count, seed=1):
    random = Random(seed)
    return [random.expovariate(1.0) for _ in range(count)]


@pytest.mark.parametrize(("method", "name"), [("percentile", "percentile"), ("BCa", "bca")])
@pytest.mark.parametrize("count", [15, 120])
def test_intervals_are_those_of_scipy(count, method, name):
    values = skewed(count)
    found = getattr(bootstrap(values, draws=20_000), name)
    wanted = stats.bootstrap((values,), np.mean, n_resamples=20_000, method=method, rng=1).confidence_interval
    width = wanted.high - wanted.low
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.03 * width)


def test_conversations_are_drawn_whole():
    """As scipy's bootstrap of a ratio of sums, whose rows are the conversations."""
    random = Random(3)
    names = [random.randrange(40) for _ in range(200)]
    values = [name / 40 + random.gauss(0, 0.1) for name in names]
    sums = [
        (sum(v for v, n in zip(values, names, strict=True) if n == each), names.count(each))
        for each in set(names)
    ]
    totals, sizes = zip(*sums, strict=True)
    wanted = stats.bootstrap(
        (totals, sizes),
        lambda total, size, axis: total.sum(axis=axis) / size.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="BCa",
        rng=1,
    ).confidence_interval
    found = bootstrap(values, names, draws=10_000)
    assert found.clusters == len(sums)
    width = wanted.high - wanted.low
    assert (found.bca.low, found.bca.high) == pytest.approx((wanted.low, wanted.high), abs=0.04 * width)
    plain = bootstrap(values)
    assert plain.bca.high - plain.bca.low < width / 1.5


@given(VALUES, st.integers(0, 3))
def test_the_mean_lies_within_what_was_seen_and_so_does_the_interval(values, seed):
    found = bootstrap(values, draws=50, seed=seed)
    slack = 1e-9 * max(map(abs, values))
    assert found.bca.value == pytest.approx(math.fsum(values) / len(values), abs=1e-6)
    if len(values) > 1:
        for each in (found.bca, found.percentile):
            assert min(values) - slack <= each.low <= each.high <= max(values) + slack


@given(VALUES)
def test_the_same_seed_gives_the_same_figures(values):
    assert bootstrap(values, draws=20, seed=5) == bootstrap(values, draws=20, seed=5)


@given(VALUES)
def test_each_row_its_own_conversation_is_no_conversation(values):
    assert bootstrap(values, list(range(len(values))), draws=20) == bootstrap(values, draws=20)


def test_other_seeds_give_other_draws():
    values = skewed(30)
    assert bootstrap(values, seed=1).bca != bootstrap(values, seed=2).bca


def test_one_conversation_says_nothing_about_others():
    found = bootstrap([0.4, 0.6, 0.8], ["a", "a", "a"])
    assert found.bca.value == pytest.approx(0.6)
    assert (found.bca.low, found.bca.high) == (-math.inf, math.inf)
    assert not found.percentile.is_bounded


def test_equal_values_leave_no_width():
    found = bootstrap([2.0] * 8, draws=30)
    assert (found.bca.low, found.bca.high) == (2.0, 2.0)


def test_an_interval_that_is_nearly_certain_still_lies_within_the_draws():
    """Skewness and confidence so high that the formula passes its pole."""
    values = [0.0] * 30 + [1000.0]
    found = bootstrap(values, draws=200, confidence=1 - 1e-12)
    assert 0.0 <= found.bca.low <= found.bca.high <= 1000.0


@pytest.mark.parametrize(
    ("values", "clusters"),
    [([], None), ([1.0, math.nan], None), ([1.0, math.inf], None), ([1.0, 2.0], ["a"])],
    ids=["nothing", "nan", "infinite", "lengths"],
)
def test_what_has_no_mean_is_refused(values, clusters):
    with pytest.raises(ValueError):
        bootstrap(values, clusters)


def test_an_interval_of_95_percent_holds_the_true_mean_about_so_often():
    held = sum(
        found.low <= 1.0 <= found.high
        for found in (bootstrap(skewed(40, seed), draws=300, seed=seed).bca for seed in range(300))
    )
    assert 0.89 <= held / 300 <= 0.98


def test_the_order_of_the_rows_does_not_matter():
    values, names = skewed(60), [at // 3 for at in range(60)]
    rows = list(zip(values, names, strict=True))
    Random(4).shuffle(rows)
    assert bootstrap(*map(list, zip(*rows, strict=True)), draws=50) == bootstrap(values, names, draws=50)


@pytest.mark.parametrize("kind", ["skewed", "very skewed", "even", "conversations"])
def test_beyond_so_many_conversations_formulas_give_what_draws_do(kind, monkeypatch):
    random = Random(7)
    draw = {
        "skewed": lambda: random.expovariate(1.0),
        "very skewed": lambda: random.lognormvariate(0, 1.5),
        "even": lambda: random.gauss(0.02, 1),
        "conversations": lambda: random.expovariate(1.0),
    }[kind]
    values = [draw() for _ in range(1600)]
    names = [at // 2 if at < 400 else at for at in range(1600)] if kind == "conversations" else None
    found = bootstrap(values, names)
    monkeypatch.setattr("tokentape.evaluation.statistics.bootstrap.LARGE", 10_000)
    drawn = bootstrap(values, names, draws=4000)
    assert (found.draws, drawn.draws) == (0, 4000)
    width = drawn.bca.high - drawn.bca.low
    for one, other in ((found.bca, drawn.bca), (found.percentile, drawn.percentile)):
        assert one.value == other.value
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.05 * width)
