"""What is passed on is counted, traced and tried again like everything else."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

from tokentape.cassettes.format.body import restore
from tokentape.gateway.routing import Router
from tokentape.gateway.services import Setup
from tokentape.gateway.targets import Group, Target
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.testing.provider import reply
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.retrying import Policy, RetryOptions
from tokentape.upstreams.upstream import Credential, Limits, Secret, Upstream, Window

EMBEDDING = {"model": "text-embedding-3-small", "input": "Hello there"}
FAST = Policy(RetryOptions(max_retries=1, base=0.0))


def embed(gateway, **more):
    return httpx.post(f"{gateway.url}/v1/embeddings", json=EMBEDDING, timeout=20, **more)


def keyed(url, *names, limits=None):
    credentials = tuple(
        Credential(name, Secret(f"{name}-secret"), limits=limits or Limits()) for name in names
    )
    return Upstream("up", "openai.chat", url, HeaderKey(), credentials=credentials)


def test_embeddings_are_in_the_usage_and_in_the_trace(provider, tmp_path):
    kept = {
        "trace": TraceOptions(directory=str(tmp_path / "traces"), share=1.0),
        "usage": UsageOptions(directory=str(tmp_path / "usage"), interval=0.01),
    }
    with running(setup(upstream(provider.url)), **kept) as gateway:
        said = embed(gateway)
        assert gateway.services.traces.flush()
        trace = httpx.get(f"{gateway.url}/traces/{said.headers['x-tokentape-id']}").json()
        (group,) = httpx.get(f"{gateway.url}/usage?by=model,counted_by").json()["groups"]
    used = said.json()["usage"]["prompt_tokens"]
    assert used > 0
    assert (group["model"], group["counted_by"], group["input"]) == (EMBEDDING["model"], "reply", used)
    assert float(group["usd"]) > 0
    forms = {form["name"]: form for form in trace["forms"]}
    assert {"client_request", "upstream_request#1", "upstream_reply#1", "client_reply"} <= set(forms)
    assert json.loads(restore(forms["upstream_request#1"]["body"])) == EMBEDDING
    assert restore(forms["client_reply"]["body"]) == said.content
    assert trace["about"]["attempts"] == 1


def test_its_tokens_count_against_a_limit(provider):
    limits = Limits(windows=(Window(60.0, tokens=1_000_000),))
    with running(setup(keyed(provider.url, "a", limits=limits))) as gateway:
        used = embed(gateway).json()["usage"]["prompt_tokens"]
        quota = httpx.get(f"{gateway.url}/quota").json()
    assert f'"tokens": {used}' in json.dumps(quota)


def test_a_refused_key_is_followed_by_the_next_one(provider):
    provider.fails(401, message="No.")
    with running(setup(keyed(provider.url, "dead", "good"), policy=FAST)) as gateway:
        said = embed(gateway)
    assert said.status_code == 200
    assert "#dead:401" in said.headers["x-tokentape-attempts"]
    assert [seen.header("authorization") for seen in provider.requests] == [
        "Bearer dead-secret",
        "Bearer good-secret",
    ]


def test_the_policy_of_its_group_counts(provider):
    provider.fails(404, message="Not here.")
    first, second = upstream(provider.url, name="first"), upstream(provider.url, name="second")
    group = Group("both", (Target("first/m"), Target("second/m")))
    moving = Policy(FAST.retry, FAST.failover_on | {FailureClass.not_found})
    made = Setup(Router((first, second), groups=(group,)), policy=FAST, policies={"both": moving})
    with running(made) as gateway:
        said = httpx.post(f"{gateway.url}/v1/embeddings", json={**EMBEDDING, "model": "both"})
    assert said.status_code == 200
    assert said.headers["x-tokentape-upstream"] == "second/m"


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/chat/completions"])
def test_what_a_provider_says_of_its_limits_while_it_refuses_is_kept(provider, path):
    limits = {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0", "retry-after": "60"}
    provider.fails(429, times=9, message="Slow.", headers=limits)
    body = {**EMBEDDING, "messages": [{"role": "user", "content": "Hello?"}]}
    with running(setup(keyed(provider.url, "a"), policy=FAST)) as gateway:
        said = httpx.post(gateway.url + path, json=body)
        quota = httpx.get(f"{gateway.url}/quota").json()
    assert (said.status_code, said.headers["retry-after"]) == (429, "60")
    assert "remaining" in json.dumps(quota["upstreams"]["up"])
    assert '"limit": 60' in json.dumps(quota["upstreams"]["up"])


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
def test_a_redirect_tells_nobody_where_to_send_a_key(provider, dialect):
    away = ("location", "https://elsewhere.example.com/v1/chat/completions")
    provider.play(reply(b"{}", 307, (away,)))
    with running(setup(upstream(provider.url, dialect), policy=FAST)) as gateway:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}
        said = httpx.post(f"{gateway.url}/v1/chat/completions", json=body, follow_redirects=False)
    assert said.status_code == 502
    assert "redirect" in said.json()["error"]["message"]
    assert "elsewhere" not in said.text + str(said.headers)
    assert provider.count == 1
