"""Case 2: ids of calls have at most 64 characters (pi#1022, 9router#3167)."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.codec import Source, Target
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
