"""Losses in the client's own dialect: servers that speak it a little differently, and parameters of aliases."""

from __future__ import annotations

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

from tokentape.gateway.routing import Router
from tokentape.gateway.services import Setup
from tokentape.gateway.targets import Alias, Target
from tokentape.protocols.compatible import server_of

SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
USER = [{"role": "user", "content": "Hello?"}]


def like(provider, server):
    return upstream(provider.url, quirks=server_of(server).quirks)


def chat(gateway, **more):
    body = {"model": "m", "messages": USER, **more}
    return httpx.post(f"{gateway.url}/v1/chat/completions", json=body)


def test_what_changes_the_meaning_is_refused_before_anything_is_sent(provider):
    with running(setup(like(provider, "deepseek"))) as gateway:
        said = chat(gateway, response_format=SCHEMA)
    assert said.status_code == 400
    assert "schema" in said.json()["error"]["message"]
    assert provider.count == 0


@pytest.mark.parametrize("strict", [False, True])
def test_what_is_only_tuning_is_told_and_refused_by_the_strict(provider, strict):
    with running(setup(like(provider, "groq"), strict=strict)) as gateway:
        said = chat(gateway, logprobs=True)
    assert said.status_code == (400 if strict else 200)
    assert provider.count == (0 if strict else 1)
    if strict:
        assert "logprobs" in said.json()["error"]["message"]
    else:
        assert "logprobs" in said.headers["x-tokentape-losses"]
        assert "logprobs" not in provider.requests[0].json


def test_an_alias_cannot_lose_in_silence_what_it_sets(provider):
    up = upstream(provider.url, "anthropic.messages")
    alias = Alias("deep", (Target("up/m"),), {"reasoning_effort": "high"})
    made = Setup(Router((up,), aliases=(alias,), default="up"), strict=True)
    body = {"model": "deep", "max_tokens": 9000, "temperature": 0.2, "messages": USER}
    with running(made) as gateway:
        said = httpx.post(f"{gateway.url}/v1/messages", json=body)
    assert (said.status_code, provider.count) == (400, 0)
    assert "effort" in said.json()["error"]["message"]


def test_one_text_stands_for_a_list_of_it(provider):
    alias = Alias("short", (Target("up/m"),), {"stop": "END"})
    with running(Setup(Router((upstream(provider.url),), aliases=(alias,)))) as gateway:
        assert chat(gateway, model="short").status_code == 200
    assert provider.requests[0].json["stop"] in ("END", ["END"])
