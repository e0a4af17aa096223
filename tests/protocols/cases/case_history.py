"""One history with parallel calls, whose results come in another order, in Chat and in Messages."""

from __future__ import annotations

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request


def call(given, name, arguments, **more):
    return {"id": given, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


CHAT = {
    "model": "gpt-5-mini",
    "messages": [
        {"role": "user", "content": "Weather and time in Paris?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                call("call_1", "get_weather", '{"city":"Paris"}'),
                call("call_2", "get_time", "{}"),
            ],
        },
        {"role": "tool", "tool_call_id": "call_2", "content": "9:30"},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 C"},
        {"role": "user", "content": "Thanks."},
    ],
}
MESSAGES = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 100,
    "messages": [
        {"role": "user", "content": "Weather and time in Paris?"},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}},
                {"type": "tool_use", "id": "call_2", "name": "get_time", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_2", "content": "9:30"},
                {"type": "tool_result", "tool_use_id": "call_1", "content": "18 C"},
                {"type": "text", "text": "Thanks."},
            ],
        },
    ],
}


def to_gemini(source, body, model="gemini-2.5-flash", **more):
    """Body and losses, with losses of meaning allowed."""
    found = translate_request(body, Source(source), Target("gemini", model=model, **more), allow_losses=True)
    return found.result.body, found.losses


def calls_of(body):
    """The parts that call functions."""
    return [part for content in body["contents"] for part in content["parts"] if "functionCall" in part]
