"""Case 11, Messages: no arguments are `{}`; fragments come in order, and amount to what the model wrote."""

from __future__ import annotations

import pytest
from messages_cases import call, events_of, from_chat, stream_of

from tokentape.protocols.canonical.events import Close, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason

BEGIN, END = Started("openai.chat", "r", "m"), (Stopped(Stop(StopReason.TOOL_CALLS)), Ended(True))
START = {"type": "message_start", "message": {"id": "m", "model": "claude"}}
EMPTY = {"type": "tool_use", "id": "a", "name": "f", "input": {}}


@pytest.mark.parametrize("pieces", [(), ("",), ("", "")])
def test_a_call_without_fragments_has_empty_arguments(pieces):
    deltas = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": piece},
        }
        for piece in pieces
    ]
    wire = [START, {"type": "content_block_start", "index": 0, "content_block": EMPTY}, *deltas]
    events = events_of(*wire, {"type": "content_block_stop", "index": 0}, {"type": "message_stop"})
    assert fold(events).items == (ToolCall("a", "f", "{}"),)


@pytest.mark.parametrize("pieces", [(), ("",), ("{}",), ("{", "}")])
def test_no_arguments_are_written_as_an_empty_object(pieces):
    deltas = [Delta(0, piece) for piece in pieces]
    wire = stream_of(BEGIN, Open(0, ToolCall("a", "f", "")), *deltas, Close(0), *END)
    assert wire[1]["content_block"] == EMPTY
    said = "".join(event["delta"]["partial_json"] for event in wire if event["type"] == "content_block_delta")
    assert said in ("", "{}")
    assert fold(events_of(*wire)).items[0].arguments == "{}"


@pytest.mark.parametrize("arguments", ["", "{}", "{ }"])
def test_calls_of_the_history(arguments):
    body, losses = from_chat({"role": "assistant", "tool_calls": [call("a", "f", arguments)]})
    assert body["messages"][0]["content"] == [EMPTY]
    assert not losses.meaning


def test_fragments_keep_their_order_and_their_text():
    pieces = ['{"b"', ": 1, ", '"a": "\\u00e9', ' x"}']
    wire = stream_of(BEGIN, Open(0, ToolCall("a", "f", "")), *(Delta(0, piece) for piece in pieces), *END)
    assert [
        event["delta"]["partial_json"] for event in wire if "delta" in event and "index" in event
    ] == pieces
    assert fold(events_of(*wire)).items[0].arguments == "".join(pieces)
