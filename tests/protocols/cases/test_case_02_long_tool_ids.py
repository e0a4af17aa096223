"""Case 2: ids of tool calls have at most 64 characters in Chat; a hash, not plain truncation."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import codec_of, write_request

LONG = "toolu_" + "x" * 80


def history(*ids):
    calls = [ToolCall(given, "f", "{}") for given in ids]
    results = [ToolResult(given, (Text("1"),)) for given in ids]
    return Conversation((Message(Role.USER, (Text("Go."),)), *calls, *results))


def ids_in(body):
    calls = [call["id"] for message in body["messages"] for call in message.get("tool_calls", [])]
    return calls, [message["tool_call_id"] for message in body["messages"] if message["role"] == "tool"]


def test_a_long_id_is_another_one_the_same_on_call_and_result():
    calls, results = ids_in(write_request(history(LONG), Target("openai.chat")).result.body)
    assert calls == results
    assert len(calls[0]) <= 64


def test_ids_that_begin_alike_stay_apart():
    calls, results = ids_in(write_request(history(LONG + "1", LONG + "2"), Target("openai.chat")).result.body)
    assert calls == results
    assert len(set(calls)) == 2


def test_an_id_that_fits_stays():
    assert ids_in(write_request(history("toolu_1"), Target("openai.chat")).result.body) == (
        ["toolu_1"],
        ["toolu_1"],
    )


@pytest.mark.parametrize("server", ["openai", "azure"])
def test_also_where_a_chat_server_made_it(server):
    call = {"id": LONG, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = {
        "messages": [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": LONG, "content": "1"},
        ]
    }
    codec = codec_of("openai.chat")
    from tokentape.protocols.codec import Source

    asked = codec.read_request(body, Source("openai.chat"))
    calls, results = ids_in(codec.write_request(asked, Target("openai.chat", quirks=quirks_of(server))).body)
    assert calls == results
    assert len(calls[0]) <= 64
