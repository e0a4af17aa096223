"""Case 6: parallel results become one user content, each named after its function."""

from __future__ import annotations

from case_history import CHAT, MESSAGES, to_gemini


def test_results_of_chat():
    body, losses = to_gemini("openai.chat", CHAT)
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert body["contents"][2]["parts"] == [
        {"functionResponse": {"id": "call_1", "name": "get_weather", "response": {"result": "18 C"}}},
        {"functionResponse": {"id": "call_2", "name": "get_time", "response": {"result": "9:30"}}},
        {"text": "Thanks."},
    ]
    assert str(losses) == "nothing is lost"


def test_results_of_messages():
    assert (
        to_gemini("anthropic.messages", MESSAGES)[0]["contents"]
        == to_gemini("openai.chat", CHAT)[0]["contents"]
    )
