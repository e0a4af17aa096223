"""Case 38: what a provider runs itself is never a function call (litellm#33546)."""

from __future__ import annotations

import pytest

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.items import Message, ServerTool
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.canonical.reply import StopReason
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_reply, translate_request

NAME = "openai.responses"
OTHERS = ["openai.chat", "anthropic.messages", "gemini", "bedrock.converse", "ollama", "cohere"]
ITEMS = [
    {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"type": "search", "query": "x"}},
    {"id": "mcp_1", "type": "mcp_call", "name": "roll", "arguments": '{"n":1}', "server_label": "dice"},
    {"id": "ci_1", "type": "code_interpreter_call", "status": "completed", "code": "1", "container_id": "c",
     "outputs": []},
    {"id": "cu_1", "type": "computer_call", "call_id": "call_1", "status": "completed", "pending_safety_checks": []},
    {"id": "sh_1", "type": "local_shell_call", "call_id": "call_2", "status": "completed", "action": {}},
]  # fmt: skip
SAID = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Done.", "annotations": [], "logprobs": []}],
}
IDS = [item["type"] for item in ITEMS]


def reply(item):
    return {"id": "resp_1", "object": "response", "model": "m", "status": "completed", "output": [item, SAID]}


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_it_keeps_its_own_type(item):
    found = codec_of(NAME).read_reply(reply(item), Source(NAME))
    native, message = found.items
    assert isinstance(native, ServerTool | Unknown)
    assert isinstance(message, Message)
    assert found.stop.reason is StopReason.END
    assert codec_of(NAME).write_reply(found, Target(NAME))["output"] == [item, SAID]


@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_it_keeps_its_own_type_in_a_stream(item):
    codec = codec_of(NAME)
    writer = codec.writer(Target(NAME))
    events = unfold(codec.read_reply(reply(item), Source(NAME)))
    wire = [event.json for given in events for event in writer.write(given)]
    assert [e["item"] for e in wire if e["type"] == "response.output_item.done"] == [item, SAID]
    assert not any("function_call" in event["type"] for event in wire)


@pytest.mark.parametrize("target", OTHERS)
@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_in_history_it_is_refused_elsewhere(item, target):
    body = {"model": "m", "input": [{"role": "user", "content": "x"}, item]}
    with pytest.raises(UnsupportedFeature):
        translate_request(body, Source(NAME), Target(target, "m"))


@pytest.mark.parametrize("target", OTHERS)
@pytest.mark.parametrize("item", ITEMS, ids=IDS)
def test_in_a_reply_it_is_a_loss_of_meaning_and_no_call(item, target):
    found = translate_reply(reply(item), Source(NAME), Target(target, "m"))
    assert found.losses.meaning
    assert codec_of(target).read_reply(found.result, Source(target)).stop.reason is StopReason.END
