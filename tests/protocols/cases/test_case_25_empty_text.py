"""Case 25: beside tool calls there is no empty text: null in Chat, no block elsewhere."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_request, write_reply, write_request

CALL = ToolCall("c", "f", "{}")
NATIVE = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "1"}


def test_null_in_requests_and_replies():
    assert (
        write_request(Conversation((CALL,)), Target("openai.chat")).result.body["messages"][0]["content"]
        is None
    )
    body = write_reply(Reply((Choice((CALL,)),)), Target("openai.chat")).result
    assert body["choices"][0]["message"]["content"] is None


@pytest.mark.parametrize("content", ["", None])
def test_it_is_no_item_and_comes_back_as_it_was(content):
    body = {"messages": [{"role": "assistant", "content": content, "tool_calls": [NATIVE]}, RESULT]}
    codec = codec_of("openai.chat")
    asked = codec.read_request(body, Source("openai.chat"))
    assert [type(item).__name__ for item in asked.items] == ["ToolCall", "ToolResult"]
    assert codec.write_request(asked, Target("openai.chat")).body == body


def test_no_block_elsewhere():
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": "", "tool_calls": [NATIVE]},
            RESULT,
        ],
    }
    written = translate_request(
        body,
        Source("openai.chat"),
        Target("anthropic.messages", model="claude-sonnet-4-5"),
        allow_losses=True,
    )
    assert [block["type"] for block in written.result.body["messages"][1]["content"]] == ["tool_use"]
