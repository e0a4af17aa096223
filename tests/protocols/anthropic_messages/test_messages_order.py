"""Calls and results in the order that Anthropic wants, whatever order they came in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tokentape.protocols.anthropic_messages.write_turns import ordered
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.losses import Losses
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.canonical.turns import paired
from tokentape.protocols.tool_ids import identified

ids = st.sampled_from(["a", "b", "c"])
items = st.lists(
    st.one_of(
        ids.map(lambda given: ToolCall(given, "f", "{}")),
        ids.map(lambda given: ToolResult(given, (Text("x"),))),
        st.sampled_from([Role.USER, Role.ASSISTANT, Role.SYSTEM]).map(
            lambda role: Message(role, (Text("x"),))
        ),
        st.just(Reasoning("x")),
        st.just(Unknown("anthropic.messages", {})),
    ),
    max_size=12,
).filter(
    lambda found: len(calls := [item.id for item in found if isinstance(item, ToolCall)]) == len(set(calls))
)


@given(items)
def test_what_is_in_order_already_is_what_ordering_makes_of_it(given):
    mine, theirs = Losses(), Losses()
    assert list(ordered(given, mine)) == paired(given, theirs)
    assert mine.found == theirs.found


@given(items)
def test_ordering_again_changes_nothing(given):
    once = list(ordered(given, Losses()))
    again = Losses()
    assert list(ordered(once, again)) == once
    assert not again.found


def test_calls_without_ids_get_them_first():
    given = [ToolCall("", "f", "{}"), ToolResult("", (Text("x"),), "f")]
    found = list(ordered(given, Losses()))
    assert found == identified(given)
    assert found[0].id == found[1].call_id != ""


def test_a_result_belongs_to_the_last_call_of_its_id():
    given = [
        ToolCall("a", "f", "{}"),
        Message(Role.USER, (Text("x"),)),
        ToolCall("a", "f", "{}"),
        ToolResult("a", ()),
    ]
    assert list(ordered(given, Losses())) == given
