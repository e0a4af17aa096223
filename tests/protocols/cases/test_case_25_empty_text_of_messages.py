"""Case 25, Messages: an empty text beside calls is no block; Anthropic refuses empty ones."""

from __future__ import annotations

import pytest
from messages_cases import call, from_chat, stream_of

from tokentape.protocols.canonical.events import Close, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.translation import write_reply


@pytest.mark.parametrize("content", ["", None, [], [{"type": "text", "text": ""}]])
def test_in_the_history(content):
    body, losses = from_chat(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": content, "tool_calls": [call("c")]},
    )
    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "c", "name": "f", "input": {}}]
    assert not losses.meaning


@pytest.mark.parametrize("content", ["", None])
def test_a_turn_of_nothing_is_no_turn(content):
    body, _ = from_chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": content})
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


def test_in_replies_and_streams():
    call_ = ToolCall("c", "f", "{}")
    items = (Message(Role.ASSISTANT, (Text(""),)), call_)
    body = write_reply(Reply((Choice(items),)), Target("anthropic.messages")).result
    assert [block["type"] for block in body["content"]] == ["tool_use"]
    end = (Stopped(Stop(StopReason.TOOL_CALLS)), Ended(True))
    wire = stream_of(Started("openai.chat", "r"), Open(0, Text("")), Close(0), Open(1, call_), Close(1), *end)
    assert [event["index"] for event in wire if event["type"] == "content_block_start"] == [0]
    assert wire[1]["content_block"]["type"] == "tool_use"
