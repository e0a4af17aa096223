"""systems.md, the gateway's "protocols": what crossed from one dialect into another there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from importlib.metadata import EntryPoint

import httpx
import pytest
from defect_kit import DIALECTS, asks, events, keys_of, path_of, post, said
from running import NO_TRACE, NO_USAGE, setup, upstream

from tokentape.errors import UsageError
from tokentape.gateway.lasting import Lasting
from tokentape.gateway.services import Services
from tokentape.protocols import table
from tokentape.protocols.canonical.items import Message
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, write_reply
from tokentape.testing.provider import Turn, reply
from tokentape.upstreams.aiohttp_sender import AiohttpSender

COUNTS = {
    "openai.chat": {"prompt_tokens", "completion_tokens"},
    "openai.responses": {"input_tokens", "output_tokens"},
    "anthropic.messages": {"input_tokens", "output_tokens"},
    "gemini": {"promptTokenCount", "candidatesTokenCount"},
    "ollama": {"prompt_eval_count", "eval_count"},
}
EACH = pytest.mark.parametrize("client", DIALECTS)
BEFORE = pytest.mark.parametrize("speaks", DIALECTS)
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@EACH
@BEFORE
@BOTH
def test_unified_usage_leaking(before, client, speaks, stream):
    """`input_tokens` in a Chat body, say: a client meets its own names of counts and no others."""
    body = asks(client, stream=stream)
    if client == "openai.chat" and stream:
        body["stream_options"] = {"include_usage": True}
    answer = post(before(speaks), client, body, stream=stream)
    assert answer.status_code == 200
    keys = keys_of(events(answer) if stream else answer.json())
    assert COUNTS[client] <= keys
    assert not (set().union(*COUNTS.values()) - COUNTS[client]) & keys


OLD = [
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "function_call": {"name": "look", "arguments": '{"at": "sea"}'}},
    {"role": "function", "name": "look", "content": "calm"},
]


def test_legacy_function_call_only_in_extra(before, provider):
    """The calls of old Chat requests are calls, and so are those of old replies."""
    gateway = before("anthropic.messages")
    tool = {"name": "look", "parameters": {"type": "object", "properties": {}}}
    answer = post(gateway, "openai.chat", {"model": "m", "messages": OLD, "functions": [tool]})
    assert answer.status_code == 200, answer.text
    sent = provider.requests[0].json
    assert [one["type"] for one in sent["messages"][1]["content"]] == ["tool_use"]
    assert sent["messages"][1]["content"][0]["input"] == {"at": "sea"}
    assert sent["messages"][2]["content"][0]["type"] == "tool_result"
    assert sent["tools"][0]["name"] == "look"


def test_legacy_function_call_of_a_reply(before, provider):
    choice = {"index": 0, "message": OLD[1], "finish_reason": "function_call"}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    provider.play(reply(httpx.Response(200, json=body).content))
    answer = post(before("openai.chat"), "anthropic.messages").json()
    assert [block["type"] for block in answer["content"]] == ["tool_use"]
    assert answer["stop_reason"] == "tool_use"


def _said_otherwise(item):
    """The item with other words; where it came from it still knows."""
    if not isinstance(item, Message):
        return item
    return replace(item, parts=tuple(replace(part, text="After.") for part in item.parts))


@EACH
def test_raw_treated_as_authority_stale_output(provider, client):
    """An edited reply comes out edited, though the original is known (and so does Ollama's: "mutated Ollama
    response ignored because raw wins").
    """
    provider.answers("Before.")
    came = httpx.post(provider.url + path_of(client), json=asks(client)).json()
    known = codec_of(client).read_reply(came, Source(client, "m"))
    (choice,) = known.choices
    items = tuple(_said_otherwise(item) for item in choice.items)
    edited = replace(known, choices=(replace(choice, items=items),))
    written = write_reply(edited, Target(client)).result
    assert "After." in str(written)
    assert "Before." not in str(written)


ELSEWHERE = {
    "a prompt for embeddings": ("POST", "/v1/chat/completions", {"model": "m", "input": "Hi"}),
    "a request of another API": ("POST", "/v1/messages", {"model": "m", "prompt": "Hi"}),
    "contents for Chat": ("POST", "/v1/chat/completions", {"model": "m", "contents": []}),
    "a method that is none": ("PUT", "/v1/messages", {"model": "m", "messages": []}),
    "embeddings of Anthropic": ("POST", "/v1/embeddings", {"model": "m", "input": "Hi"}),
    "images of Anthropic": ("POST", "/v1/images/generations", {"model": "m", "prompt": "Hi"}),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_operation_not_enforced(before, provider, what):
    """What is no request of the operation reaches nobody."""
    method, path, body = ELSEWHERE[what]
    gateway = before("anthropic.messages" if "Anthropic" in what else "gemini")
    answer = httpx.request(method, gateway.url + path, json=body)
    assert 400 <= answer.status_code < 500, answer.text
    assert provider.count == 0


def test_each_operation_goes_where_it_belongs(before, provider):
    gateway = before("gemini")
    count = post(gateway, "gemini")
    httpx.post(f"{gateway.url}/v1beta/models/m:countTokens", json=asks("gemini"))
    assert count.status_code == 200
    assert [seen.path.rpartition(":")[2] for seen in provider.requests] == ["generateContent", "countTokens"]


def test_registry_import_error_not_isolated(before, monkeypatch, caplog):
    """A package whose dialect cannot be imported costs that dialect, and no call."""
    broken = EntryPoint("broken", "no_such_package_at_all:DIALECT", table.ENTRY_POINTS)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: (broken,))
    table.installed.cache_clear()
    try:
        gateway = before()
        assert httpx.get(f"{gateway.url}/unknown").status_code == 404
        assert post(gateway, "openai.chat").status_code == 200
    finally:
        table.installed.cache_clear()
    assert "the dialect 'broken' cannot be loaded" in caplog.messages
    assert "no_such_package_at_all" in caplog.text
    assert "a defect of tokentape" not in caplog.text


def test_duplicate_collision_errors(provider, monkeypatch):
    """Two dialects of one name are one clear line at the start, and no failing calls."""
    twice = EntryPoint("chat", "tokentape.protocols.openai_chat:DIALECT", table.ENTRY_POINTS)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: (twice,))
    table.installed.cache_clear()
    services = Services(
        setup(upstream(provider.url)), Lasting(trace=NO_TRACE, usage=NO_USAGE), AiohttpSender()
    )
    try:
        with pytest.raises(UsageError, match=r"two dialects are called 'openai\.chat'"):
            asyncio.run(services.start())
    finally:
        table.installed.cache_clear()


@EACH
@BEFORE
@BOTH
def test_the_matrix_of_dialects(before, provider, client, speaks, stream):
    """Every client over every upstream, whole and streamed."""
    provider.answers(Turn("One two three."))
    answer = post(before(speaks), client, stream=stream)
    assert answer.status_code == 200
    assert said(client, answer, stream=stream) == "One two three."
