"""Through a gateway on a real socket: a client that drops what the upstream needs back, turn after turn."""

from __future__ import annotations

import asyncio
import json
import time
from http.client import HTTPConnection

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from gw_fields_clients import CLAUDE_REPLY, HI, TOOL, deepseek_reply, gemini_reply, plain, result, streamed
from gw_fields_setting import rule
from running import running, setup, upstream

from tokentape.gateway.fields.memory import FieldMemory
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.table import dialect_named
from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import reply

CASES = [
    pytest.param("gemini", "gemini-3-pro", gemini_reply(), {}, '"thoughtSignature":"SIG"', id="gemini"),
    pytest.param(
        "anthropic.messages", "claude-opus-4-5", CLAUDE_REPLY, {}, '"signature":"SEAL"', id="claude"
    ),
    pytest.param(
        "openai.chat",
        "deepseek-chat",
        deepseek_reply("THOUGHT"),
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
    provider.play(reply(streamed(dialect, body), content_type="text/event-stream"))


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


def claude_says(text):
    return {**CLAUDE_REPLY, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_conversation_whose_first_reply_held_nothing_is_known_later(stream):
    with Provider() as provider, running(setup(upstream(provider.url, "anthropic.messages"))) as gateway:
        messages = list(HI)
        for said in (claude_says("Where?"), CLAUDE_REPLY):
            answered(provider, "anthropic.messages", said, stream=stream)
            message = ask(gateway, messages, "claude-opus-4-5", stream=stream)
            messages += [message, {"role": "user", "content": "There."}]
        ask(gateway, [*messages[:-1], result(messages[-2])], "claude-opus-4-5")
        assert '"signature":"SEAL"' in sent(provider)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_where_a_call_belongs_is_only_found_out_where_a_rule_has_something(stream):
    asked = []

    def counted(services):
        identify = services.tracker.identify
        services.tracker.identify = lambda seen: asked.append(seen) or identify(seen)

    with Provider() as provider:
        made = setup(upstream(provider.url, "anthropic.messages"))
        with running(made, prepare=counted) as gateway:
            answered(provider, "anthropic.messages", claude_says("Hello."), stream=stream)
            ask(gateway, HI, "claude-opus-4-5", stream=stream)
            gateway.call(asyncio.sleep(0))
            assert not asked
            answered(provider, "anthropic.messages", CLAUDE_REPLY, stream=stream)
            ask(gateway, HI, "claude-opus-4-5", stream=stream)
            gateway.call(asyncio.sleep(0))
            assert len(asked) == 1


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


def test_a_stream_that_the_client_did_not_ask_for_is_learned_from():
    with Provider() as provider, running(setup(upstream(provider.url, "anthropic.messages"))) as gateway:
        answered(provider, "anthropic.messages", CLAUDE_REPLY, stream=True)
        message = ask(gateway, HI, "claude-opus-4-5")
        ask(gateway, [*HI, message, result(message)], "claude-opus-4-5")
        assert '"signature":"SEAL"' in sent(provider)


@pytest.mark.parametrize("source", ["response", "canonical_reply"])
def test_a_rule_sees_a_whole_reply_that_is_translated(source):
    def ruled(services):
        services.fields = FieldMemory((rule(source, "id"),), clock=time.monotonic)

    with Provider() as provider:
        made = setup(upstream(provider.url, "anthropic.messages"))
        with running(made, prepare=ruled) as gateway:
            answered(provider, "anthropic.messages", CLAUDE_REPLY, stream=False)
            named = {"X-Tokentape-Conversation": "one", "X-Tokentape-Session": "one"}
            ask(gateway, HI, "claude-opus-4-5", named)
            ask(gateway, HI, "claude-opus-4-5", named)
            assert '"state":"msg_1"' in sent(provider)
