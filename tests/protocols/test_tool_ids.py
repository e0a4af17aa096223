"""Ids of tool calls, as each API takes them (cases 1 to 4)."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.tool_ids import RULES, identified


@given(st.sampled_from(sorted(RULES)), st.text())
def test_every_id_can_be_fitted_and_stays_fitted(name, given_id):
    rule = RULES[name]
    fitted = rule.fitted(given_id)
    assert rule.fits(fitted)
    assert rule.fitted(fitted) == fitted
    assert (fitted == given_id) == rule.fits(given_id)


@given(st.lists(st.text(min_size=1), unique=True, max_size=20))
def test_different_ids_stay_different(ids):
    for rule in RULES.values():
        assert len({rule.fitted(one) for one in ids}) == len(ids)


def test_long_ids_are_not_just_cut():
    """Case 2: two ids with the same first 64 characters."""
    one, two = "call_" + "x" * 80 + "1", "call_" + "x" * 80 + "2"
    rule = RULES["openai"]
    assert rule.fitted(one) != rule.fitted(two)
    assert rule.fitted(one).startswith("call_xxxx")
    assert len(rule.fitted(one)) <= 64


def test_the_shape_of_each():
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", RULES["anthropic"].fitted("fc:1/ü"))
    assert re.fullmatch(r"[a-zA-Z0-9]{9}", RULES["mistral"].fitted("call_abc"))
    assert RULES["mistral"].fitted("D681PevKs") == "D681PevKs"


def test_calls_without_ids_get_the_same_ones_every_time():
    """Case 4: by name and order where nothing else tells."""
    items = [
        ToolCall("", "look", "{}"),
        ToolCall("", "look", "{}"),
        ToolCall("", "hear", "{}"),
        ToolResult("", (), "hear"),
        ToolResult("", (), "look"),
        ToolResult("", (), "look"),
    ]
    first, second, third, *results = identified(items)
    assert len({first.id, second.id, third.id}) == 3
    assert [one.call_id for one in results] == [third.id, first.id, second.id]
    assert identified(items) == identified(items)
    assert identified(items[:1])[0] == first, "a longer history does not change the ids before"


def test_ids_that_are_there_stay_and_results_learn_their_names():
    items = [
        ToolCall("a", "look", "{}"),
        ToolCall("b", "hear", "{}"),
        ToolResult("b", ()),
        ToolResult("z", ()),
    ]
    found = identified(items)
    assert found[2] == ToolResult("b", (), "hear")
    assert found[3] == items[3]


def test_a_call_is_answered_once_whatever_tells_it():
    items = [
        ToolCall("a", "look", "{}"),
        ToolCall("b", "look", "{}"),
        ToolCall("c", "hear", "{}"),
        ToolResult("a", ()),
        ToolResult("", (), "look"),
        ToolResult("", ()),
        ToolResult("", (), "look"),
    ]
    assert [one.call_id for one in identified(items)[3:]] == ["a", "b", "c", ""]


def test_many_results_without_a_call_take_no_longer_than_others():
    """Squared, this would take minutes."""
    many = range(30_000)
    items = [*(ToolCall(f"c{n}", "f", "{}") for n in many), *(ToolResult(f"o{n}", ()) for n in many)]
    assert identified(items) == items
