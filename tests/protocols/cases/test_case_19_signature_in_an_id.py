"""Case 19: LiteLLM puts Gemini's signature into the id of the call; it is read apart, and the id is clean."""

from __future__ import annotations

from case_history import call, calls_of, to_gemini

GIVEN = "call_1__thought__" + "c2ln" * 300


def test_the_signature_is_read_apart():
    asked = {
        "model": "gemini-3-pro",
        "messages": [
            {"role": "user", "content": "x"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [call(GIVEN, "f", "{}"), call("call_2", "g", "{}")],
            },
            {"role": "tool", "tool_call_id": "call_2", "content": "two"},
            {"role": "tool", "tool_call_id": GIVEN, "content": "one"},
        ],
    }
    body, losses = to_gemini("openai.chat", asked, "gemini-3-pro")
    first, second = calls_of(body)
    assert first == {
        "functionCall": {"id": "call_1", "name": "f", "args": {}},
        "thoughtSignature": "c2ln" * 300,
    }
    assert second == {"functionCall": {"id": "call_2", "name": "g", "args": {}}}
    responses = [part["functionResponse"] for part in body["contents"][-1]["parts"]]
    assert [(found["id"], found["name"]) for found in responses] == [("call_1", "f"), ("call_2", "g")]
    assert str(losses) == "nothing is lost"
