"""Case 7: parallel calls from history are one model content, of which only the first carries the signature."""

from __future__ import annotations

import copy

from case_history import CHAT, calls_of, to_gemini

SIGNED = {"extra_content": {"google": {"thought_signature": "c2ln"}}}


def test_the_calls_are_one_content_in_their_order():
    body, _ = to_gemini("openai.chat", CHAT)
    assert body["contents"][1] == {
        "role": "model",
        "parts": [
            {"functionCall": {"id": "call_1", "name": "get_weather", "args": {"city": "Paris"}}},
            {"functionCall": {"id": "call_2", "name": "get_time", "args": {}}},
        ],
    }


def test_only_the_first_carries_the_signature():
    for signed in (1, 2):
        asked = copy.deepcopy(CHAT)
        for call in asked["messages"][1]["tool_calls"][:signed]:
            call.update(SIGNED)
        body, losses = to_gemini("openai.chat", asked, "gemini-3-pro")
        assert [part.get("thoughtSignature") for part in calls_of(body)] == ["c2ln", None]
        assert str(losses) == "nothing is lost"
