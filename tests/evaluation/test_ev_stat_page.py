"""The worked example of the documentation, recomputed with scipy and by hand, without our code.

That the page shows what our code prints is held by `tests/docs`.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

PAGE = (Path(__file__).parents[2] / "docs/explanation/evaluation-statistics.md").read_text(encoding="utf-8")
BEFORE = np.array([1] * 190 + [0] * 10)
AFTER = np.array([1] * 181 + [0] * 9 + [1] * 3 + [0] * 7)
CONVERSATIONS = 50


def effect(values):
    """The design effect of four turns a conversation, by the F ratio of an analysis of variance."""
    ratio = stats.f_oneway(*values.reshape(CONVERSATIONS, 4)).statistic
    return 1 + 3 * (ratio - 1) / (ratio + 3)


def wilson(passed, rows):
    """The roots of `(share - x)^2 = z^2 x (1 - x) / rows`."""
    z2, share = stats.norm.ppf(0.975) ** 2, passed / rows
    return sorted(np.roots([1 + z2 / rows, -(2 * share + z2 / rows), share**2]))


def percents(ends):
    return "{:.0f} to {:.0f}".format(*(100 * end for end in ends))


def detectable(rows):
    """By search in steps of a hundredth of a point."""
    z, power, spread = stats.norm.ppf(0.975), stats.norm.ppf(0.8), 12 / 200
    for each in np.arange(0.0001, 1, 0.0001):
        changed = max(spread, each)
        if ((z * math.sqrt(changed) + power * math.sqrt(changed - each**2)) / each) ** 2 + 1 / each <= rows:
            return each
    raise AssertionError


def test_the_rates():
    wanted = stats.binomtest(int(AFTER.sum()), 200).proportion_ci(method="wilson")
    assert AFTER.mean() == 0.92
    assert f"92 % (95 % interval {percents(wanted)}), 3 points below" in PAGE
    rows = 200 / effect(AFTER)
    assert f"92 % (95 % interval {percents(wilson(0.92 * rows, rows))}), 3 points below" in PAGE


def test_the_difference_and_its_interval():
    before, after = wilson(190, 200), wilson(184, 200)
    phi = np.corrcoef(BEFORE, AFTER)[0, 1] * (181 * 7 - 9 * 3 - 100) / (181 * 7 - 9 * 3)

    def apart(one, other):
        return math.sqrt(one**2 + other**2 - 2 * phi * one * other)

    low = -0.03 - apart(0.92 - after[0], before[1] - 0.95)
    high = -0.03 + apart(after[1] - 0.92, 0.95 - before[0])
    assert f"difference {AFTER.mean() - BEFORE.mean():.3f}, between {low:.3f} and {high:.3f}" in PAGE


def test_the_test():
    p = stats.binomtest(9, 12).pvalue
    assert f"p = {p:.3f}" in PAGE
    assert f"in {100 * p:.0f} of 100 corpora" in PAGE


def test_what_the_corpus_can_show():
    plain, clustered = detectable(200), detectable(200 / effect(AFTER - BEFORE))
    assert f"detectable {plain:.4f}" in PAGE
    for each in (plain, clustered):
        assert f"differences from {math.ceil(100 * each)} points on" in PAGE
    assert f"worth {200 / effect(AFTER - BEFORE):.0f} independent rows" in PAGE


def test_the_rows_needed():
    z, power, spread = stats.norm.ppf(0.975), stats.norm.ppf(0.8), 12 / 200
    rows = ((z * math.sqrt(spread) + power * math.sqrt(spread - 0.05**2)) / 0.05) ** 2 + 1 / 0.05
    assert f"a difference of 5 points needs {math.ceil(rows)} rows" in PAGE


def test_what_is_said_in_passing():
    assert stats.binomtest(5, 5).pvalue == pytest.approx(0.0625)
    assert 1 - 0.95**15 > 0.5
    assert percents(wilson(20, 20)) == "84 to 100"
