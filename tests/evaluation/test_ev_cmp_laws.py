"""What holds for any replies: equal ones score 1, scores stay in bounds, presentation makes no difference."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

pytest.importorskip("rapidfuzz")
pytest.importorskip("jsonschema")
pytest.importorskip("regex")
pytest.importorskip("wordllama")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokentape.evaluation.comparing.comparator import Pair
from tokentape.evaluation.comparing.plain import folded, unfenced
from tokentape.evaluation.comparing.registry import BUILT_IN
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.comparing.values import Rules, compare_values, leaves
from tokentape.testing.contracts.comparator import judged
from tokentape.testing.contracts.replies import ASKED, calling, said

SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES = {"contains": 'contains:"in stock"', "regex": "regex:a|1", "json": "json", "schema": "schema"}
ALL = [comparators_of(EXAMPLES.get(kind.name, kind.name))[0] for kind in BUILT_IN if kind.name != "judge"]
KIND = {kind.name: kind for kind in BUILT_IN}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
words = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["```", "```json\n{}\n```", "12 %", "1,234.5", "I cannot help with", "{", "[1", "~~~\n"]
)
prose = st.lists(words, max_size=4).map(" ".join)
texts = prose | values.map(json.dumps) | values.map(lambda value: f"So: {json.dumps(value)}.")
calls = st.lists(
    st.builds(calling, st.sampled_from("fgh"), st.dictionaries(st.sampled_from("abc"), scalars) | prose),
    max_size=4,
)


@st.composite
def sides(draw):
    side = said(draw(texts), *draw(calls), seconds=draw(st.floats()), tokens=draw(st.integers()))
    return replace(side, cost=draw(st.none() | st.decimals()))


@pytest.mark.parametrize("comparator", ALL, ids=lambda each: each.name)
class TestAnyReplies:
    @SOME
    @given(side=sides())
    def test_equal_replies_score_1(self, comparator, side):
        verdict = judged(comparator, side, replace(side))
        if KIND[comparator.name.partition(":")[0]].judges == "both":
            assert verdict.score in (None, 1)
            assert not verdict.differences

    @SOME
    @given(before=sides(), after=sides())
    def test_scores_stay_in_bounds_and_are_the_same_either_way_where_that_is_said(
        self, comparator, before, after
    ):
        verdict, back = judged(comparator, before, after), judged(comparator, after, before)
        if KIND[comparator.name.partition(":")[0]].is_symmetric and None not in (verdict.score, back.score):
            assert verdict.score == pytest.approx(back.score)

    @SOME
    @given(before=sides(), text=values.map(json.dumps))
    def test_a_fence_makes_no_difference(self, comparator, before, text):
        plain, fenced = said(text), said(f"```json\n{text}\n```\n")
        assert judged(comparator, before, fenced).score == judged(comparator, before, plain).score
        assert judged(comparator, fenced, before).score == judged(comparator, plain, before).score


def turned(value):
    """The same value with every object's keys the other way round."""
    if isinstance(value, dict):
        return {name: turned(inner) for name, inner in reversed(value.items())}
    return [turned(inner) for inner in value] if isinstance(value, list) else value


@SOME
@given(before=values, after=values)
@pytest.mark.parametrize("spec", ["json", "json:**.a,lists=any", "schema", "numbers", "toolcalls"])
def test_the_order_of_keys_makes_no_difference(spec, before, after):
    (comparator,) = comparators_of(spec)

    def side(value):
        return said(json.dumps(value), calling("f", {"x": value}))

    scores = {
        comparator.compare(Pair(ASKED, side(one), side(other))).score
        for one in (before, turned(before))
        for other in (after, turned(after))
    }
    assert len(scores) == 1


@SOME
@given(value=values, other=values)
def test_values_are_counted_leaf_by_leaf(value, other):
    same = compare_values(value, json.loads(json.dumps(value)), Rules(exact_strings=True))
    assert (same.matched, same.differing) == (same.total, 0)
    assert same.total == leaves(value)
    tally = compare_values(value, other, Rules())
    assert 0 <= tally.matched <= tally.total
    assert tally.total >= max(leaves(value), leaves(other))
    assert (tally.matched == tally.total) is (tally.differing == 0)


@SOME
@given(
    value=st.lists(values, max_size=5).flatmap(lambda each: st.permutations(each).map(lambda p: (each, p)))
)
def test_a_list_without_order_is_equal_in_any(value):
    tally = compare_values(list(value[0]), list(value[1]), Rules(any_order=True))
    assert tally.differing == 0


@SOME
@given(text=st.text(max_size=60))
def test_plain_text_is_plain_when_it_was_made_plain(text):
    assert folded(folded(text)) == folded(text)
    if "```" not in text and "~~~" not in text:
        assert unfenced(f"```\n{text}\n```") == text.rstrip("\r\n")
        assert unfenced(text) == text
