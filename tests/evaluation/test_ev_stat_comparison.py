"""Comparisons of two runs, and the rule for what they let one say."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.evaluation.statistics.bootstrap import bootstrap
from tokentape.evaluation.statistics.comparison import compare_means, compare_rates
from tokentape.evaluation.statistics.detectable import detectable_mean
from tokentape.evaluation.statistics.flips import flip_test
from tokentape.evaluation.statistics.mcnemar import mcnemar
from tokentape.evaluation.statistics.paired import paired, rate_difference
from tokentape.evaluation.statistics.standing import Standing, judged
from tokentape.evaluation.statistics.summary import deviation

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 8)), max_size=60)


def run(both=0, lost=0, gained=0, neither=0):
    """Two runs with these counts."""
    before = [True] * (both + lost) + [False] * (gained + neither)
    after = [True] * both + [False] * lost + [True] * gained + [False] * neither
    return before, after


def test_rates_of_independent_rows_go_by_mcnemar_and_newcombe():
    before, after = run(170, 20, 6, 4)
    found, counts = compare_rates(before, after), paired(before, after)
    assert (found.before, found.after) == (0.95, 0.88)
    assert found.p == mcnemar(counts).p
    assert found.difference == rate_difference(counts)
    assert found.clustering.is_plain


def test_rates_of_turns_go_by_whole_conversations():
    before, after = run(60, 20, 0, 20)
    names = [at // 5 for at in range(100)]
    found, plain = compare_rates(before, after, names), compare_rates(before, after)
    changes = [now - was for was, now in zip(before, after, strict=True)]
    assert found.clustering.clusters == 20
    assert found.clustering.design_effect == pytest.approx(5)
    assert found.p == flip_test(changes, names).p == 2 / 2**4
    assert plain.p < 1e-5
    assert found.difference.low < plain.difference.low
    assert found.detectable > plain.detectable
    assert found.needed == pytest.approx(5 * plain.needed)


def test_means_go_by_the_bootstrap_and_flipped_signs():
    random = Random(1)
    before = [random.random() for _ in range(80)]
    after = [each + random.gauss(0.1, 0.2) for each in before]
    changes = [now - was for was, now in zip(before, after, strict=True)]
    found = compare_means(before, after, matters=0.05)
    assert found.difference == bootstrap(changes).bca
    assert found.p == flip_test(changes).p
    assert found.detectable == detectable_mean(80, deviation(changes), alpha=1 - 0.95)
    assert found.after - found.before == pytest.approx(found.difference.value)
    assert judged(found).standing is Standing.HIGHER


def test_means_that_never_differ_may_still_differ_in_rows_not_seen():
    same = [0.1, 0.4, 1.0] * 10
    found = compare_means(same, same, matters=0.05, largest=1.0)
    assert (found.difference.value, found.detectable, found.needed) == (0.0, None, math.inf)
    assert found.difference.high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert judged(found).standing is Standing.UNKNOWN
    assert judged(compare_means(same * 10, same * 10, matters=0.05, largest=1.0)).standing is Standing.ALIKE
    assert not compare_means(same, same, matters=0.05).difference.is_bounded


@pytest.mark.parametrize(("rows", "standing"), [(35, Standing.UNKNOWN), (36, Standing.ALIKE)])
def test_amounts_that_never_differ_are_alike_once_a_tenth_of_rows_cannot_hide(rows, standing):
    same = [float(at) for at in range(rows)]
    found = compare_means(same, same, matters=0.1)
    assert (found.differ, found.difference.value, found.difference.is_bounded) == (0, 0.0, False)
    assert judged(found).standing is standing
    # 70 turns of 35 conversations are no more than 35 rows, as long as nothing tells them apart.
    turns = compare_means(same * 2, same * 2, [*range(rows)] * 2, matters=0.1)
    assert judged(turns).standing is standing


def test_what_differs_and_adds_up_to_nothing_is_not_the_same():
    up_and_down = compare_means([1.0, 3.0] * 20, [3.0, 1.0] * 20, matters=0.1)
    assert (up_and_down.differ, up_and_down.difference.value) == (40, 0.0)
    assert judged(up_and_down).standing is Standing.UNKNOWN
    assert compare_rates(*run(5, 3, 4, 2)).differ == 7


def test_a_shift_that_is_equal_but_for_rounding_has_no_spread():
    before = [0.1 * at for at in range(40)]
    found = compare_means(before, [each + 0.3 for each in before], matters=0.1, largest=4.0)
    assert found.detectable is None
    assert found.difference.high > 0.4
    assert judged(found).standing is Standing.HIGHER


def test_the_rounding_of_floats_is_no_change():
    found = compare_means([0.1 + 0.2] * 20, [0.3] * 20, matters=0.05, largest=1.0)
    assert (found.difference.value, found.p) == (0.0, 1.0)
    assert judged(found).standing is Standing.UNKNOWN
    noisy = compare_means([0.1 + 0.2] * 20 + [0.5] * 8, [0.3] * 20 + [0.9] * 8, matters=0.05)
    assert noisy.p == 2 / 2**8


def test_nothing_to_compare():
    for found in (compare_rates([], []), compare_means([], [], matters=1.0, largest=2.0)):
        assert (found.before, found.after, found.difference.value, found.p) == (None, None, None, 1.0)
        assert judged(found).standing is Standing.UNKNOWN
        assert "no rows" in judged(found).reason


@pytest.mark.parametrize("compare", [compare_rates, lambda a, b: compare_means(a, b, matters=1.0)])
def test_runs_over_other_rows_are_refused(compare):
    with pytest.raises(ValueError):
        compare([True], [True, False])


@pytest.mark.parametrize(
    ("counts", "standing"),
    [
        ({"both": 5}, Standing.UNKNOWN),
        ({"lost": 5}, Standing.UNKNOWN),
        ({"lost": 6}, Standing.LOWER),
        ({"gained": 6}, Standing.HIGHER),
        ({"both": 30}, Standing.UNKNOWN),
        ({"both": 300}, Standing.ALIKE),
        ({"both": 270, "lost": 4, "gained": 6, "neither": 20}, Standing.ALIKE),
        ({"both": 70, "lost": 8, "gained": 4, "neither": 18}, Standing.UNKNOWN),
        ({"both": 70, "lost": 12, "gained": 2, "neither": 16}, Standing.LOWER),
        ({"both": 9000, "lost": 60, "gained": 20, "neither": 920}, Standing.LOWER),
    ],
    ids=str,
)
def test_the_rule(counts, standing):
    assert judged(compare_rates(*run(**counts))).standing is standing


def test_few_conversations_say_nothing_however_many_turns_they_have():
    before, after = run(100, 100)
    names = [at % 4 for at in range(200)]
    found = compare_rates(before, after, names)
    assert found.clustering.design_effect == 1.0
    assert found.detectable is None
    judgement = judged(found)
    assert judgement.standing is Standing.UNKNOWN
    assert "of 4 conversations" in judgement.reason
    enough = judged(compare_rates(before, after, [at % 8 for at in range(200)]))
    assert enough.standing is not Standing.UNKNOWN


def test_a_corrected_p_value_takes_the_place_of_its_own():
    found = compare_rates(*run(70, 12, 2, 16))
    assert judged(found).p == found.p < 0.05
    corrected = judged(found, p=5 * found.p)
    assert (corrected.standing, corrected.p) == (Standing.UNKNOWN, 5 * found.p)
    assert judged(found, alpha=0.001).standing is Standing.UNKNOWN


def test_what_matters_decides_what_is_alike():
    runs = run(270, 4, 6, 20)
    assert judged(compare_rates(*runs, matters=0.05)).standing is Standing.ALIKE
    assert judged(compare_rates(*runs, matters=0.01)).standing is Standing.UNKNOWN


@given(PAIRS)
def test_turned_round_higher_is_lower(pairs):
    before, after, names = [p[0] for p in pairs], [p[1] for p in pairs], [p[2] for p in pairs]
    one, other = compare_rates(before, after, names), compare_rates(after, before, names)
    turned = {Standing.HIGHER: Standing.LOWER, Standing.LOWER: Standing.HIGHER}
    standing = judged(one).standing
    assert judged(other).standing is turned.get(standing, standing)
    assert one.p == other.p


def test_two_runs_of_one_model_are_seldom_told_apart():
    """Each row passes with 0.8 both times, so anything found is an error."""
    random, wrong = Random(7), 0
    for _ in range(400):
        before, after = ([random.random() < 0.8 for _ in range(60)] for _ in range(2))
        wrong += judged(compare_rates(before, after)).standing in (Standing.HIGHER, Standing.LOWER)
    assert wrong / 400 <= 0.05
