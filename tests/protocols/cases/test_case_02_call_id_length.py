"""Case 2: ids of calls have at most 64 characters: a hash, not plain truncation (pi#1022, 9router#3167)."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import codec_of, write_request

LONG = "call_" + "x" * 200


def ids(given, target, **more):
    items = (ToolCall(given, "f", "{}"), ToolResult(given, (Text("1"),)))
    body = write_request(Conversation(items, "gpt-5"), Target(target, **more)).result.body
    if target == "openai.responses":
        return [item["call_id"] for item in body["input"]]
    call, result = body["messages"]
    return [call["tool_calls"][0]["id"], result["tool_call_id"]]


@pytest.mark.parametrize("target", ["openai.responses", "openai.chat"])
def test_a_long_id_is_shortened_alike_on_call_and_result(target):
    call, result = ids(LONG, target)
    assert call == result
    assert len(call) <= 64
    assert call == ids(LONG, target)[0]


@pytest.mark.parametrize("target", ["openai.responses", "openai.chat"])
def test_two_long_ids_stay_two(target):
    assert ids(LONG, target) != ids(LONG + "y", target)


@pytest.mark.parametrize("target", ["openai.responses", "openai.chat"])
@pytest.mark.parametrize("given", ["call_1", "toolu_01A-b", "x" * 64])
def test_an_id_that_fits_stays_the_same(target, given):
    assert ids(given, target) == [given, given]


def test_an_own_id_stays_whatever_it_is():
    body = {
        "model": "m",
        "input": [{"type": "function_call", "call_id": LONG, "name": "f", "arguments": "{}"}],
    }
    codec = codec_of("openai.responses")
    source, target = Source("openai.responses"), Target("openai.responses")
    assert codec.write_request(codec.read_request(body, source), target).body == body


@pytest.mark.parametrize("server", ["openai", "azure"])
def test_openai_wants_it_so_whichever_chat_server_made_the_id(server):
    call = {"id": LONG, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": LONG, "content": "1"}
    body = {"messages": [{"role": "assistant", "tool_calls": [call]}, result]}
    codec = codec_of("openai.chat")
    asked = codec.read_request(body, Source("openai.chat"))
    written = codec.write_request(asked, Target("openai.chat", quirks=quirks_of(server))).body["messages"]
    assert written[0]["tool_calls"][0]["id"] == written[1]["tool_call_id"] == ids(LONG, "openai.chat")[0]
