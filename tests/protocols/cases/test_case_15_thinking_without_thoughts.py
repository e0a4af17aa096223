"""Case 15: where calls came without a signed thought, Claude refuses a budget to think until they are done."""

from __future__ import annotations

import pytest

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
LOOP = (
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": None, "reasoning_content": "I look.", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "seen"},
)
DONE = (*LOOP, {"role": "assistant", "content": "Seen."}, {"role": "user", "content": "Again."})
CLAUDES = {
    "anthropic.messages": "claude-sonnet-4-5",
    "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0",
}


def asked(target, messages):
    body = {"model": "gpt-5-mini", "messages": list(messages), "reasoning_effort": "medium"}
    made = translate_request(body, Source("openai.chat"), Target(target, CLAUDES[target]))
    told = made.result.body
    return told.get("thinking") or told.get("additionalModelRequestFields", {}).get("thinking"), made.losses


@pytest.mark.parametrize("target", CLAUDES)
def test_inside_a_loop_there_is_no_thinking(target):
    thinking, losses = asked(target, LOOP)
    assert thinking is None
    assert "thinking" in [loss.what for loss in losses.tuning]
    assert not losses.meaning


@pytest.mark.parametrize("target", CLAUDES)
def test_the_next_turn_thinks_again(target):
    thinking, losses = asked(target, DONE)
    assert thinking["type"] == "enabled"
    assert "thinking" not in [loss.what for loss in losses]
