"""Defects that gateways before this one had, each by its words, through the whole of it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, upstream

from tokentape.gateway.routing import Router
from tokentape.gateway.services import Setup
from tokentape.gateway.targets import Alias, Target
from tokentape.testing.provider import Script, Send, SendHead, Turn
from tokentape.testing.provider.script import Framing
from tokentape.upstreams.retrying import Policy, RetryOptions

FOUR = ("openai.chat", "openai.responses", "anthropic.messages", "gemini")
USER = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
def gateway(provider):
    ups = [upstream(provider.url, name, name) for name in (*FOUR, "ollama")]
    aliases = [Alias("m-hot", (Target("openai.chat/m"),), {"temperature": 1.5})]
    policy = Policy(RetryOptions(max_retries=1, base=0.0))
    with running(Setup(Router(ups, aliases=aliases, default="openai.chat"), policy=policy)) as started:
        yield started


def ask(gateway, target, path, body, **more):
    return httpx.post(f"{gateway.url}/to/{target}{path}", json=body, timeout=20, **more)


def chat(gateway, target, **more):
    return ask(gateway, target, "/v1/chat/completions", {"model": "m", "messages": USER, **more})


def streamed(reply):
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("target", FOUR)
def test_usage_of_another_api_leaks_into_a_chat_body(gateway, target):
    usage = chat(gateway, target).json()["usage"]
    assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= usage.keys()
    assert not usage.keys() & {"input_tokens", "output_tokens", "promptTokenCount"}


@pytest.mark.parametrize("target", FOUR[1:])
def test_raw_stop_reasons(gateway, provider, target):
    assert chat(gateway, target).json()["choices"][0]["finish_reason"] == "stop"
    provider.answers(Turn("and", cut_short=True))
    assert chat(gateway, target).json()["choices"][0]["finish_reason"] == "length"


def test_a_legacy_function_call_is_lost(gateway, provider):
    functions = [
        {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
    ]
    reply = chat(gateway, "anthropic.messages", functions=functions)
    assert reply.status_code == 200
    assert [tool["name"] for tool in provider.requests[0].json["tools"]] == ["look"]


def test_the_raw_body_wins_over_what_was_set(gateway, provider):
    """A parameter of an alias is in the bytes that are sent, whatever the client's said."""
    ask(
        gateway, "openai.chat", "/v1/chat/completions", {"model": "m-hot", "messages": USER, "temperature": 0}
    )
    body = provider.requests[0].json
    assert (body["model"], body["temperature"]) == ("m", 1.5)


@pytest.mark.parametrize("target", FOUR[1:])
def test_unknown_fields_are_copied_to_another_api(gateway, provider, target):
    chat(gateway, target, x_private={"a": 1}, user="u")
    assert "x_private" not in provider.requests[0].body.decode()
    chat(gateway, "openai.chat", x_private={"a": 1})
    assert provider.requests[1].json["x_private"] == {"a": 1}


def test_system_stays_a_message(gateway, provider):
    said = [{"role": "system", "content": "Be brief."}, *USER]
    for target in FOUR[1:]:
        ask(gateway, target, "/v1/chat/completions", {"model": "m", "messages": said})
    responses, messages, gemini = (seen.json for seen in provider.requests)
    assert "Be brief." in json.dumps(messages["system"])
    assert [message["role"] for message in messages["messages"]] == ["user"]
    assert "Be brief." in json.dumps(gemini["systemInstruction"])
    assert [content["role"] for content in gemini["contents"]] == ["user"]
    assert "Be brief." in json.dumps(responses)


def test_thinking_leaks_into_chat_content(gateway, provider):
    for stream in (False, True):
        provider.answers(Turn("Noon.", thinking="Secret thought."))
        reply = chat(gateway, "anthropic.messages", stream=stream, reasoning_effort="low", max_tokens=4000)
        if stream:
            choices = [one for event in streamed(reply) for one in event["choices"]]
            assert "".join(one["delta"].get("content") or "" for one in choices) == "Noon."
        else:
            assert reply.json()["choices"][0]["message"]["content"] == "Noon."


MEANING = [
    ("/v1beta/models/m:generateContent", "openai.chat", {"contents": [{"role": "user", "parts": [{"text": "?"}]}], "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]}),
    ("/v1/chat/completions", "anthropic.messages", {"model": "m", "messages": USER, "modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}),
    ("/v1/responses", "anthropic.messages", {"model": "m", "input": "?", "prompt": {"id": "pmpt_1"}}),
    ("/v1/chat/completions", "gemini", {"model": "m", "messages": [{"role": "user", "content": [{"type": "video_from_mars", "x": 1}]}]}),
    ("/v1/chat/completions", "anthropic.messages", {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "target", "body"), MEANING, ids=["safety", "audio", "prompt", "type", "media"]
)
def test_a_loss_of_meaning_is_sent_all_the_same(gateway, provider, path, target, body):
    """It is refused before anything is sent."""
    reply = ask(gateway, target, path, body)
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"]["message"]
    assert provider.count == 0


def test_tuning_is_lost_in_silence(gateway, provider):
    reply = chat(gateway, "anthropic.messages", seed=7)
    assert reply.status_code == 200
    assert "seed" in reply.headers["x-tokentape-losses"]
    assert "seed" not in provider.requests[0].json


def test_the_end_of_a_connection_invents_a_stop(gateway, provider):
    """A stream that ends without its end is incomplete."""
    head = SendHead(200, (("content-type", "text/event-stream"),), framing=Framing.CHUNKED)
    event = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"One"},"finish_reason":null}]}\n\n'
    for end in (b"", b"data: [DONE]\n\n"):
        provider.play(Script.of(head, Send(event), Send(end or b": end\n\n")))
        reply = ask(
            gateway,
            "openai.chat",
            "/v1/responses",
            {"model": "m", "input": "?", "stream": True, "store": False},
        )
        kinds = [event["type"] for event in streamed(reply)]
        assert "response.completed" not in kinds
        assert kinds[-1] in ("response.incomplete", "response.failed")


def test_a_cost_event_blocks_the_retry(gateway, provider):
    """Comments and events that show nothing are no output."""
    head = SendHead(200, (("content-type", "text/event-stream"),), framing=Framing.CHUNKED)
    error = b'data: {"error":{"message":"Broken.","type":"server_error","code":null,"param":null}}\n\n'
    provider.play(
        Script.of(head, Send(b": cost 0.01\n\n"), Send(b'event: cost\ndata: {"cost": 0.01}\n\n'), Send(error))
    )
    provider.answers("Better.")
    reply = chat(gateway, "openai.chat", stream=True)
    assert provider.count == 2
    assert "Better." in reply.text.replace('"}', "") or "Better" in reply.text


def test_an_error_after_output_leaves_the_life_open(gateway, provider):
    provider.answers("One two three four.")
    provider.forget()
    provider.fails_midway(after=5, message="Broken.")
    reply = ask(
        gateway, "openai.chat", "/v1/responses", {"model": "m", "input": "?", "stream": True, "store": False}
    )
    kinds = [event["type"] for event in streamed(reply)]
    assert kinds.count("response.created") == 1
    assert kinds[-1] == "response.failed"
    numbers = [event["sequence_number"] for event in streamed(reply)]
    assert numbers == list(range(len(numbers)))


def test_an_unknown_operation_is_taken_for_a_chat(gateway, provider):
    reply = ask(gateway, "anthropic.messages", "/v1/embeddings", {"model": "m", "input": "?"})
    assert reply.status_code == 400
    assert provider.count == 0


def test_a_status_that_failed_in_responses_is_a_reply(gateway, provider):
    """A whole reply that says it failed is an error to a client whose API has no word for it."""
    body = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "failed", "output": [], "error": {"code": "server_error", "message": "Broken."}}  # fmt: skip
    head = SendHead(200, (("content-type", "application/json"),), framing=Framing.LENGTH)
    provider.play(Script.of(head, Send(json.dumps(body).encode())), times=3)
    reply = chat(gateway, "openai.responses")
    assert reply.status_code == 500
    assert reply.json()["error"]["message"] == "Broken."
