"""Which dialect a bare body is of."""

from __future__ import annotations

import pytest

from tokentape.protocols.detection import dialect_of_reply, dialect_of_request

SAID = [{"role": "user", "content": "Hi"}]
CLAUDE = {"model": "anthropic/claude-sonnet-4-5", "messages": SAID}
"""What a client of Chat asks a gateway for."""
THOUGHT = {"type": "thinking", "thinking": "x", "signature": "c2ln"}


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai.chat", {"model": "gpt-5-mini", "messages": SAID}),
        ("openai.chat", {"model": "mistral-large", "max_tokens": 5, "messages": SAID}),
        ("anthropic.messages", {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": SAID}),
        ("anthropic.messages", {"model": "x", "system": "Be brief.", "messages": SAID}),
        ("anthropic.messages", {"messages": SAID, "tools": [{"name": "f", "input_schema": {}}]}),
        (
            "anthropic.messages",
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]}]},
        ),
        ("openai.responses", {"model": "gpt-5-mini", "input": "Hi"}),
        ("gemini", {"contents": [{"parts": [{"text": "Hi"}]}]}),
        ("bedrock.converse", {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}),
        ("bedrock.converse", {"system": [{"text": "Be brief."}], "messages": SAID}),
        ("ollama", {"model": "qwen3", "messages": SAID, "options": {"seed": 1}}),
        ("ollama", {"model": "qwen3", "messages": [{"role": "user", "content": "Hi", "images": ["aGk="]}]}),
        ("cohere", {"model": "command-a-03-2025", "messages": SAID}),
        ("cohere", {"model": "x", "messages": SAID, "safety_mode": "NONE"}),
        (None, {"prompt": "Hi"}),
        ("openai.chat", {**CLAUDE, "max_completion_tokens": 5}),
        ("openai.chat", {**CLAUDE, "max_tokens": 5, "messages": [{"role": "system", "content": "x"}, *SAID]}),
        (
            "openai.chat",
            {**CLAUDE, "max_tokens": 5, "tools": [{"type": "function", "function": {"name": "f"}}]},
        ),
        ("openai.chat", {**CLAUDE, "max_tokens": 5, "response_format": {"type": "json_object"}}),
        (
            "openai.chat",
            {**CLAUDE, "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        ),
        ("openai.chat", {"model": "command-a-03-2025", "messages": SAID, "n": 2}),
        ("cohere", {"model": "x", "messages": [{"role": "tool"}, *SAID], "stop_sequences": ["END"]}),
        ("anthropic.messages", {"model": "x", "messages": SAID, "stop_sequences": ["END"]}),
        ("cohere", {"model": "x", "messages": SAID, "p": 0.5, "stop_sequences": ["END"]}),
        ("anthropic.messages", {"messages": [{"role": "assistant", "content": [THOUGHT]}]}),
        ("cohere", {"messages": [{"role": "assistant", "tool_plan": "x", "tool_calls": []}]}),
    ],
    ids=range(26),
)
def test_requests(dialect, body):
    assert dialect_of_request(body) == dialect


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai.chat", {"choices": []}),
        ("openai.responses", {"object": "response", "output": []}),
        ("anthropic.messages", {"type": "message", "content": []}),
        ("gemini", {"candidates": []}),
        (
            "bedrock.converse",
            {"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "x"},
        ),
        ("ollama", {"message": {"role": "assistant", "content": ""}, "done": True}),
        ("cohere", {"id": "x", "message": {"role": "assistant"}, "finish_reason": "COMPLETE"}),
        (None, {"error": "no"}),
    ],
    ids=range(8),
)
def test_replies(dialect, body):
    assert dialect_of_reply(body) == dialect


@pytest.mark.parametrize("odd", [[], {}, ["text"], 1, None])
def test_a_role_and_a_type_of_any_other_kind_tell_nothing(odd):
    turns = [{"role": odd, "content": [{"type": odd, "text": "Hi"}]}]
    assert dialect_of_request({"model": "gpt-4o", "messages": turns, "tools": [odd]}) == "openai.chat"
