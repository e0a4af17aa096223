"""Case 32: a JSON schema for the answer is said natively: no tool is forced, so thinking stays possible."""

from __future__ import annotations

import pytest
from messages_cases import CLAUDE, NAME, from_chat

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

HI = {"role": "user", "content": "Capital of France?"}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


def test_it_is_native_beside_thinking():
    body, losses = from_chat(HI, response_format=FORMAT, reasoning_effort="medium")
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert body["thinking"]["type"] == "enabled"
    assert "tools" not in body
    assert "tool_choice" not in body
    assert not losses.meaning


def test_beside_tools_the_choice_stays():
    body, _ = from_chat(HI, response_format=FORMAT, tools=[TOOL], tool_choice="auto")
    assert body["tool_choice"] == {"type": "auto"}
    assert [tool["name"] for tool in body["tools"]] == ["f"]


def test_and_back():
    asked = {
        "model": CLAUDE,
        "max_tokens": 9,
        "messages": [HI],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    body = translate_request(asked, Source(NAME), Target("openai.chat", "gpt-5-mini")).result.body
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


def test_json_without_a_schema_is_refused():
    with pytest.raises(UnsupportedFeature, match="JSON mode"):
        from_chat(HI, response_format={"type": "json_object"}, allow=False)


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}])
def test_a_forced_call_excludes_thinking(choice):
    body, losses = from_chat(HI, tools=[TOOL], tool_choice=choice, reasoning_effort="medium")
    assert body["tool_choice"]["type"] in ("any", "tool")
    assert "thinking" not in body
    assert "thinking" in [loss.what for loss in losses.tuning]
