"""From items to native messages, and the order of tool results."""

from __future__ import annotations

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.losses import Losses, Severity
from tokentape.protocols.canonical.origin import Origin, Turn
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.canonical.turns import grouped, paired


def said(role, text, turn=None, protocol="mine"):
    origin = Origin(protocol, turn=turn) if turn else None
    return Message(role, (Text(text),), origin=origin)


def call(id, name="look"):
    return ToolCall(id, name, "{}")


def result(id):
    return ToolResult(id, (Text(f"of {id}"),), origin=Origin("theirs", ("messages", 9)))


def sides(groups):
    return [(group.side, len(group.items)) for group in groups]


def test_reasoning_text_and_calls_of_one_side_are_one_message():
    items = [said(Role.USER, "a"), Reasoning("hm"), said(Role.ASSISTANT, "b"), call("1"), result("1")]
    assert sides(grouped(items, "mine")) == [("user", 1), ("assistant", 3), ("tool", 1)]


def test_a_side_may_have_another_name():
    items = [result("1"), said(Role.USER, "a")]
    assert sides(grouped(items, "mine", sides={"tool": "user"})) == [("user", 2)]


def test_messages_that_were_apart_stay_apart():
    first, second = Turn(("messages", 0)), Turn(("messages", 1))
    items = [said(Role.USER, "a", first), said(Role.USER, "b", second), said(Role.USER, "c", second)]
    assert [group.turn for group in grouped(items, "mine")] == [first, second]
    assert sides(grouped(items, "other")) == [("user", 1), ("user", 2)]


def test_merging_keeps_only_messages_of_this_dialect_apart():
    first, second = Turn(("messages", 0)), Turn(("messages", 1))
    items = [said(Role.USER, "a", first), said(Role.USER, "b", second)]
    assert sides(grouped(items, "other", merge=True)) == [("user", 2)]
    assert sides(grouped(items, "mine", merge=True)) == [("user", 1), ("user", 1)]


def test_what_is_not_known_stays_with_whom_it_stands():
    strange = Unknown("mine", {"type": "strange"})
    assert sides(grouped([said(Role.ASSISTANT, "a"), strange], "mine")) == [("assistant", 2)]
    assert sides(grouped([strange], "mine")) == [("user", 1)]


def test_results_come_in_the_order_of_their_calls():
    """Case 5."""
    items = [call("1"), call("2"), result("2"), result("1"), said(Role.USER, "go on")]
    losses = Losses()
    ordered = paired(items, losses)
    assert [getattr(item, "call_id", None) for item in ordered] == [None, None, "1", "2", None]
    assert not losses.report


def test_a_result_that_comes_late_is_brought_to_its_call():
    """Case 8."""
    items = [call("1"), said(Role.USER, "and?"), result("1")]
    assert [type(item).__name__ for item in paired(items, Losses())] == ["ToolCall", "ToolResult", "Message"]


def test_calls_that_were_answered_one_by_one_stay_so():
    items = [call("1"), result("1"), call("2"), result("2")]
    assert paired(items, Losses()) == items


def test_ids_that_come_again_belong_to_their_own_turn():
    again = [call("1"), result("1"), said(Role.USER, "more"), call("1"), result("1")]
    assert paired(again, Losses()) == again


def test_a_result_without_a_call_is_a_loss_of_meaning():
    losses = Losses()
    assert paired([said(Role.USER, "a"), result("7")], losses) == [said(Role.USER, "a")]
    (loss,) = losses.report
    assert loss.severity is Severity.MEANING
    assert loss.path == "messages[9]"
    assert "'7'" in loss.why
