"""Through a gateway on a real socket: a client that drops what the upstream needs back, turn after turn."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from gw_fields_clients import HI, TOOL, gemini_reply, plain, result
from running import running, setup, upstream

from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.synthesis import Asked
from tokentape.protocols.table import dialect_named
from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import reply

CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-5",
    "content": [
        {"type": "thinking", "thinking": "Let me look.", "signature": "SEAL"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
THOUGHT = {"role": "assistant", "content": None, "reasoning_content": "THOUGHT", "tool_calls": [CALL]}
DEEPSEEK = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "deepseek-chat",
    "choices": [{"index": 0, "message": THOUGHT, "finish_reason": "tool_calls"}],
}
CASES = [
    pytest.param("gemini", "gemini-3-pro", gemini_reply(), {}, '"thoughtSignature":"SIG"', id="gemini"),
    pytest.param("anthropic.messages", "claude-opus-4-5", CLAUDE, {}, '"signature":"SEAL"', id="claude"),
    pytest.param(
        "openai.chat",
        "deepseek-chat",
        DEEPSEEK,
        {"quirks": quirks_of("deepseek")},
        '"reasoning_content":"THOUGHT"',
        id="deepseek",
    ),
]


def ask(gateway, messages, model, headers=(), *, stream=False):
    """The message that comes back, as a client of Chat keeps it."""
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    body = {"model": model, "messages": messages, "tools": [TOOL], "stream": stream}
    named = {"Content-Type": "application/json", **dict(headers)}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), named)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    assert answer.status == 200, data
    if not stream:
        return plain(json.loads(data)["choices"][0]["message"])
    from tokentape.protocols.payload import Payload

    events = [line.removeprefix(b"data: ") for line in data.split(b"\n") if line.startswith(b"data: {")]
    whole = dialect_named("openai.chat").synthesis().fold([Payload(None, event) for event in events])
    return plain(whole["choices"][0]["message"])


def answered(provider, dialect, body, *, stream):
    if not stream:
        provider.play(reply(json.dumps(body).encode(), content_type="application/json"))
        return
    unfolded = dialect_named(dialect).synthesis().unfold(body, Asked("http://x/?alt=sse", {"stream": True}))
    provider.play(reply(b"".join(unfolded), content_type="text/event-stream"))


def sent(provider):
    return provider.requests[-1].body.decode().replace(" ", "")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("dialect", "model", "body", "more", "expected"), CASES)
def test_what_the_upstream_needs_comes_back(dialect, model, body, more, expected, stream):
    with Provider() as provider, running(setup(upstream(provider.url, dialect, **more))) as gateway:
        answered(provider, dialect, body, stream=stream)
        message = ask(gateway, HI, model, stream=stream)
        messages = [*HI, message, result(message)]
        ask(gateway, messages, model)
        assert expected in sent(provider)


def test_another_conversation_gets_nothing_of_it():
    with Provider() as provider, running(setup(upstream(provider.url, "gemini"))) as gateway:
        answered(provider, "gemini", gemini_reply(), stream=False)
        first = {"X-Tokentape-Conversation": "one"}
        message = ask(gateway, HI, "gemini-3-pro", first)
        messages = [*HI, message, result(message)]
        ask(gateway, messages, "gemini-3-pro", {"X-Tokentape-Conversation": "two"})
        assert "SIG" not in sent(provider)
        ask(gateway, messages, "gemini-3-pro", first)
        assert '"thoughtSignature":"SIG"' in sent(provider)
