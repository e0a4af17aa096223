"""Case 4: Gemini's calls without ids get stable ones; results pair by id, then by name and order."""

from __future__ import annotations

import json

import pytest

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

CALLS = [
    {"functionCall": {"name": "f", "args": {"n": 1}}},
    {"functionCall": {"name": "f", "args": {"n": 2}}},
    {"functionCall": {"name": "g", "args": {}}},
    {"functionCall": {"id": "known", "name": "f", "args": {"n": 3}}},
]
RESULTS = [
    {"functionResponse": {"id": "known", "name": "f", "response": {"result": "f3"}}},
    {"functionResponse": {"name": "g", "response": {"result": "g"}}},
    {"functionResponse": {"name": "f", "response": {"result": "f1"}}},
    {"functionResponse": {"name": "f", "response": {"result": "f2"}}},
]
BODY = {
    "contents": [
        {"role": "user", "parts": [{"text": "go"}]},
        {"role": "model", "parts": CALLS},
        {"role": "user", "parts": RESULTS},
    ]
}


def paired(target):
    """Results by name and arguments of their call."""
    body = translate_request(
        BODY, Source("gemini", model="gemini-2.5-pro"), Target(target, model="m")
    ).result.body
    if target == "openai.chat":
        calls = {
            call["id"]: (call["function"]["name"], json.loads(call["function"]["arguments"]).get("n"))
            for message in body["messages"]
            for call in message.get("tool_calls", [])
        }
        results = {m["tool_call_id"]: m["content"] for m in body["messages"] if m["role"] == "tool"}
    elif target == "openai.responses":
        calls = {
            item["call_id"]: (item["name"], json.loads(item["arguments"]).get("n"))
            for item in body["input"]
            if item["type"] == "function_call"
        }
        results = {i["call_id"]: i["output"] for i in body["input"] if i["type"] == "function_call_output"}
    else:
        blocks = [block for m in body["messages"] if isinstance(m["content"], list) for block in m["content"]]
        calls = {b["id"]: (b["name"], b["input"].get("n")) for b in blocks if b["type"] == "tool_use"}
        results = {b["tool_use_id"]: b["content"] for b in blocks if b["type"] == "tool_result"}
    assert len(calls) == len(CALLS)
    assert "known" in calls
    return {call: results[given] for given, call in calls.items()}, sorted(calls)


@pytest.mark.parametrize("target", ["openai.chat", "openai.responses", "anthropic.messages"])
def test_each_result_finds_its_call(target):
    found, ids = paired(target)
    assert found == {("f", 1): "f1", ("f", 2): "f2", ("g", None): "g", ("f", 3): "f3"}
    assert paired(target)[1] == ids, "the same history has the same ids"
    assert "" not in ids


def test_at_home_no_id_is_made_up():
    source = Source("gemini", model="gemini-2.5-pro")
    assert translate_request(BODY, source, Target("gemini")).result.body == BODY
