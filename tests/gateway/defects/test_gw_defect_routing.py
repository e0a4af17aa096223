"""systems.md, the gateway's "routing" and "rotation": what a name leads to, streamed or not, and whose state
it is when another target answered.
"""

from __future__ import annotations

import json
from contextlib import contextmanager

import httpx
import pytest
from defect_kit import ONCE, TIRELESS, asks, events, post, said
from running import running, upstream

from tokentape.gateway.routing import Router
from tokentape.gateway.services import Setup
from tokentape.gateway.targets import Group, Target
from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import reply
from tokentape.upstreams.pools.pools import Pools

BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
CALL = {"functionCall": {"name": "look", "args": {"at": "sea"}}, "thoughtSignature": "SIG"}
SIGNED = {
    "candidates": [{"content": {"role": "model", "parts": [CALL]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    "modelVersion": "gemini-3-pro",
}


@pytest.fixture
def second():
    with Provider(gap=0) as running_:
        yield running_


@contextmanager
def two(first, second, dialect="openai.chat", model="m", weight=None):
    ups = (upstream(first.url, dialect, "first"), upstream(second.url, dialect, "second"))
    group = Group("best", (Target(f"first/{model}", weight), Target(f"second/{model}", weight)))
    made = Setup(Router(ups, groups=(group,), default="first"), policy=ONCE, heartbeat=None)

    def tireless(services):
        services.pools = Pools(options=TIRELESS)

    with running(made, prepare=tireless) as gateway:
        yield gateway


@BOTH
@pytest.mark.parametrize("way", ["model", "header", "path"])
def test_stream_mode_ignoring_execution(provider, second, stream, way):
    """A target that is named is the one that is asked, streamed or not."""
    body = {**asks("openai.chat", stream=stream), "model": "second/m" if way == "model" else "m"}
    path = "/to/second/v1/chat/completions" if way == "path" else "/v1/chat/completions"
    headers = {"X-Tokentape-Upstream": "second"} if way == "header" else {}
    with two(provider, second) as gateway:
        answer = httpx.post(gateway.url + path, json=body, headers=headers)
    assert answer.status_code == 200
    assert (provider.count, second.count) == (0, 1)


@BOTH
@pytest.mark.parametrize("status", [301, 308])
def test_config_error_treated_as_retryable(provider, second, stream, status):
    """A base URL that leads elsewhere is wrong for good: nobody is asked again, and no other target."""
    provider.play(reply(b"", status, (("location", "https://elsewhere.test/"),)), times=None)
    with two(provider, second) as gateway:
        answer = post(gateway, "openai.chat", {**asks("openai.chat", stream=stream), "model": "best"})
    assert answer.status_code >= 400
    assert (provider.count, second.count) == (1, 0)


def test_session_namespace_of_first_target_kept(provider, second):
    """What the second target sealed is the second's: the first, well again, gets nothing of it."""
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    hi = [{"role": "user", "content": "What is at sea?"}]
    body = {"model": "best", "messages": hi, "tools": [tool]}
    provider.fails(500)
    second.play(reply(json.dumps(SIGNED).encode(), content_type="application/json"))
    with two(provider, second, "gemini", "gemini-3-pro") as gateway:
        message = post(gateway, "openai.chat", body).json()["choices"][0]["message"]
        plain = [{name: one[name] for name in ("id", "type", "function")} for one in message["tool_calls"]]
        turn = {"role": "assistant", "content": None, "tool_calls": plain}
        result = {"role": "tool", "tool_call_id": plain[0]["id"], "content": "calm"}
        more = {**body, "messages": [*hi, turn, result]}
        assert post(gateway, "openai.chat", more).status_code == 200
        assert provider.count == 2
        assert post(gateway, "openai.chat", {**more, "model": "second/gemini-3-pro"}).status_code == 200
    assert '"SIG"' in second.requests[-1].body.decode()
    assert not any('"SIG"' in seen.body.decode() for seen in provider.requests)


@pytest.mark.parametrize("nth", range(4))
def test_encrypted_content_routing(provider, second, nth):
    """pains.md 17 (litellm#40364, bifrost#5410): of two targets that share calls, the one that sealed
    something goes on with the conversation, and the seal goes to it alone.
    """
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    messages = [{"role": "user", "content": f"What is at sea {nth}?"}]
    for one in (provider, second):
        one.play(reply(json.dumps(SIGNED).encode(), content_type="application/json"))
    with two(provider, second, "gemini", "gemini-3-pro", weight=1) as gateway:
        for _ in range(4):
            body = {"model": "best", "messages": messages, "tools": [tool]}
            message = post(gateway, "openai.chat", body).json()["choices"][0]["message"]
            plain = [
                {name: one[name] for name in ("id", "type", "function")}
                for one in message.get("tool_calls", ())
            ]
            if plain:
                messages = [*messages, {"role": "assistant", "content": None, "tool_calls": plain}]
                messages.append({"role": "tool", "tool_call_id": plain[0]["id"], "content": "calm"})
            else:
                messages = [*messages, {"role": "assistant", "content": message["content"]}]
                messages.append({"role": "user", "content": "And now?"})
    assert sorted((provider.count, second.count)) == [0, 4]
    asked = provider if provider.count else second
    assert '"SIG"' in asked.requests[1].body.decode()


@BOTH
def test_the_requested_model_is_promoted_inside_its_group(provider, second, stream):
    second.answers("Second.")
    body = {**asks("openai.chat", stream=stream), "model": "second/m"}
    with two(provider, second) as gateway:
        answer = post(gateway, "openai.chat", body)
    assert said("openai.chat", answer, stream=stream) == "Second."
    assert provider.count == 0


def test_attempts_say_who_failed_and_why(provider, second):
    provider.fails(529)
    with two(provider, second) as gateway:
        answer = post(gateway, "openai.chat", {**asks("openai.chat", stream=True), "model": "best"})
    assert answer.headers["x-tokentape-attempts"] == "first/m#none:529, second/m#none:200"
    assert events(answer)
