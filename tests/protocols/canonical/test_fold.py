"""Events as the reply they amount to."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Started,
    Stopped,
)  # fmt: skip
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Citation, Refusal, Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.usage import Usage

END = Stop(StopReason.END, "stop")
SIGNATURE = Opaque("signature", "c2ln", Maker("anthropic", "claude"))


def reply(*events):
    return fold([Started("mine", "r1", "m"), *events, Stopped(END), Ended(True)])


def test_text_comes_in_pieces():
    found = reply(Open(0, Text("")), Delta(0, "Par"), Delta(0, "is."), Close(0))
    assert found.items == (Message(Role.ASSISTANT, (Text("Paris."),)),)
    assert (found.id, found.model, found.stop, found.complete) == ("r1", "m", END, True)


def test_interleaved_calls_stay_apart():
    found = reply(
        Open(0, ToolCall("a", "f", "")), Open(1, ToolCall("b", "g", "")),
        Delta(1, '{"x"'), Delta(0, "{"), Delta(1, ":1}"), Delta(0, "}"),
    )  # fmt: skip
    assert found.items == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}'))


def test_thoughts_have_summaries_and_signatures():
    found = reply(
        Open(0, Reasoning()), Delta(0, "first", 0), Delta(0, "second", 1), Delta(0, " more", 1),
        Amend(0, "opaque", SIGNATURE), Delta(0, "hm"),
    )  # fmt: skip
    assert found.items == (Reasoning("hm", ("first", "second more"), (SIGNATURE,)),)


def test_what_is_told_later_counts():
    cited = Citation("mine", "url", {}, url="https://example.com")
    found = reply(
        Open(0, ToolCall("", "", "")), Amend(0, "id", "a"), Amend(0, "name", "f"), Delta(0, "{}"),
        Open(1, Text("")), Delta(1, "see"), Amend(1, "citations", cited), Amend(1, "citations", cited),
    )  # fmt: skip
    assert found.items == (ToolCall("a", "f", "{}"), Message(Role.ASSISTANT, (Text("see", (cited, cited)),)))


def test_parts_are_one_message_unless_they_name_different_ones():
    one, two = Message(Role.ASSISTANT, (), "m1"), Message(Role.ASSISTANT, (), "m2")
    found = reply(Open(0, Text("a"), 0, one), Open(1, Refusal("b"), 0, one), Open(2, Text("c"), 0, two))
    assert [item.id for item in found.items] == ["m1", "m2"]
    assert [len(item.parts) for item in found.items] == [2, 1]


def test_an_item_stands_between_two_messages():
    found = reply(Open(0, Text("a")), Open(1, ServerTool("mine", "search", {}, "")), Open(2, Text("b")))
    assert [type(item).__name__ for item in found.items] == ["Message", "ServerTool", "Message"]


def test_choices_stay_apart():
    found = reply(Open(0, Text("a"), 0), Open(1, Text("b"), 1), Delta(0, "a"), Stopped(END, 1))
    assert [choice.items[0].parts[0].text for choice in found.choices] == ["aa", "b"]
    assert [choice.index for choice in found.choices] == [0, 1]


def test_of_usage_the_last_that_is_known_wins():
    """Case 36: absent is not zero, and a later count without a price keeps the earlier price."""
    found = reply(
        Counted(Usage(10, None, 3, charged=0.5, raw={"a": 1})),
        Counted(Usage(None, 0, raw={"b": 2})),
        Counted(Usage(12, 7)),
    )
    assert found.usage == Usage(12, 7, 3)
    assert found.usage.charged == 0.5
    assert found.usage.raw == {"a": 1, "b": 2}


def test_a_stream_without_its_end_is_not_complete():
    found = fold([Started("mine"), Open(0, Text("")), Delta(0, "Par"), Ping(), Ended(False)])
    assert not found.complete
    assert found.stop is None
    assert not fold([]).complete


def test_an_error_is_kept_beside_what_was_said():
    failure = Failure(FailureKind.OVERLOADED, "busy")
    found = fold([Started("mine"), Open(0, Text("a")), Failed(failure), Ended(False)])
    assert found.failure == failure
    assert found.items[0].parts == (Text("a"),)


def test_the_reply_starts_when_more_is_known():
    found = fold([Started("mine", None, None, 5, {"a": 1}), Started("mine", "r", "m", None, {"b": 2})])
    assert (found.id, found.model, found.created) == ("r", "m", 5)
    assert found.origin.rest == {"a": 1, "b": 2}


def test_rest_of_a_choice_is_kept():
    found = fold([Started("mine"), Open(0, Text("a")), Stopped(END, 0, {"x": 1}), Ended(True)])
    assert found.choices[0].origin.rest == {"x": 1}


def test_a_block_that_was_not_opened_is_a_mistake_of_the_reader():
    with pytest.raises(KeyError):
        fold([Delta(3, "x")])
