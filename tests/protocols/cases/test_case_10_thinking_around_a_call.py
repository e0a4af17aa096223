"""Case 10: a thought behind a call, in the same turn, is a new block with an index of its own."""

from __future__ import annotations

from messages_cases import events_of, stream_of

from tokentape.protocols.canonical.events import Close, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason

BEGIN, END = Started("openai.chat", "r", "m"), (Stopped(Stop(StopReason.END)), Ended(True))


def starts(wire):
    return [
        (event["index"], event["content_block"]["type"])
        for event in wire
        if event["type"] == "content_block_start"
    ]


def test_each_thought_is_a_block():
    events = (
        Open(0, Reasoning()), Delta(0, "First."), Close(0), Open(1, ToolCall("c", "f", "")), Delta(1, "{}"), Close(1),
        Open(2, Reasoning()), Delta(2, "Then."), Close(2),
    )  # fmt: skip
    wire = stream_of(BEGIN, *events, *END)
    assert starts(wire) == [(0, "thinking"), (1, "tool_use"), (2, "thinking")]
    assert [type(item) for item in fold(events_of(*wire)).items] == [Reasoning, ToolCall, Reasoning]


def test_a_source_that_goes_on_with_the_same_thought_gets_a_new_block():
    events = (Open(0, Reasoning()), Delta(0, "First."), Open(1, ToolCall("c", "f", "{}")), Delta(0, "Then."))
    wire = stream_of(BEGIN, *events, *END)
    assert starts(wire) == [(0, "thinking"), (1, "tool_use"), (2, "thinking")]
    thoughts = [item.text for item in fold(events_of(*wire)).items if isinstance(item, Reasoning)]
    assert thoughts == ["First.", "Then."]
