"""What is passed on as it is, and small things of the way there and back."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import reply
from tokentape.upstreams.retrying import Policy, RetryOptions

FAST = Policy(RetryOptions(max_retries=1, base=0.0))
NOWHERE = "http://127.0.0.1:9"


def gateway_of(url, root=None, mode="new_episodes", **more):
    record = RecordOptions(str(root), "gateway" if root else None, mode)
    return running(setup(upstream(url, **more), policy=FAST), record=record)


CALLS = {
    "embeddings": ("POST", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "Hi"}),
    "moderations": ("POST", "/v1/moderations", {"model": "omni-moderation-latest", "input": "Hi"}),
    "speech": ("POST", "/v1/audio/speech", {"model": "tts-1", "input": "Hi", "voice": "alloy"}),
    "images": ("POST", "/v1/images/generations", {"model": "gpt-image-1", "prompt": "A cat"}),
    "files": ("GET", "/v1/files", None),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_is_passed_on_and_recorded(provider, tmp_path, name):
    method, path, body = CALLS[name]
    direct = httpx.request(method, provider.url + path, json=body)
    provider.forget()
    with gateway_of(provider.url, tmp_path) as gateway:
        live = httpx.request(method, gateway.url + path, json=body)
    assert (live.status_code, live.content) == (direct.status_code, direct.content)
    (seen,) = provider.requests
    assert (seen.method, seen.path) == (method, path)
    assert seen.header("x-tokentape-cassette") is None
    with gateway_of(NOWHERE, tmp_path, "none") as gateway:
        again = httpx.request(method, gateway.url + path, json=body)
    assert (again.status_code, again.content) == (live.status_code, live.content)


def test_an_upload(provider, tmp_path):
    with gateway_of(provider.url, tmp_path) as gateway:
        files = {"file": ("talk.jsonl", b'{"a": 1}\n')}
        live = httpx.post(f"{gateway.url}/v1/files", files=files, data={"purpose": "batch"})
    assert live.status_code == 200
    assert live.json()["object"] == "file"
    assert b'{"a": 1}\n' in provider.requests[0].body


def test_the_provider_s_own_error_is_passed_on_and_recorded(provider, tmp_path):
    provider.fails(429, times=2, message="Slow.", headers={"x-why": "quota"})
    body = CALLS["embeddings"][2]
    with gateway_of(provider.url, tmp_path) as gateway:
        live = httpx.post(f"{gateway.url}/v1/embeddings", json=body)
    assert (live.status_code, live.json()["error"]["message"], live.headers["x-why"]) == (
        429,
        "Slow.",
        "quota",
    )
    assert provider.count == 2
    with gateway_of(NOWHERE, tmp_path, "none") as gateway:
        again = httpx.post(f"{gateway.url}/v1/embeddings", json=body)
    assert (again.status_code, again.content) == (429, live.content)


def test_an_upstream_with_another_api_cannot(provider):
    with gateway_of(provider.url, dialect="anthropic.messages") as gateway:
        answer = httpx.post(f"{gateway.url}/v1/embeddings", json=CALLS["embeddings"][2])
    assert answer.status_code == 400
    assert "another API" in answer.json()["error"]["message"]
    assert provider.count == 0


def test_nobody_is_there():
    with gateway_of(NOWHERE) as gateway:
        answer = httpx.post(f"{gateway.url}/v1/embeddings", json=CALLS["embeddings"][2])
    assert answer.status_code >= 500
    assert answer.json()["error"]["message"]


def test_the_same_dialect_is_the_same_bytes(provider):
    """Spaces, order, unknown fields, big numbers, doubled names: all go on as they came."""
    raw = b'{ "unknown" : [1.0, 1e400, 12345678901234567890],\n"model":"m", "messages" : [{"role":"user","content":"\\u00e9\xc3\xa9"}],"seed":1,"seed":2 }'
    with gateway_of(provider.url) as gateway:
        headers = {"content-type": "application/json", "x-custom": "kept"}
        answer = httpx.post(f"{gateway.url}/v1/chat/completions?a=b%20c", content=raw, headers=headers)
    assert answer.status_code == 200
    (seen,) = provider.requests
    assert seen.body == raw
    assert seen.target == "/v1/chat/completions?a=b%20c"
    assert seen.header("x-custom") == "kept"


def test_only_the_model_is_patched(provider):
    raw = b'{"messages":[{"role":"user","content":"m"}], "model" : "asked", "x":{"model":"asked"}}'
    with gateway_of(provider.url, models={"asked": "own"}) as gateway:
        headers = {"content-type": "application/json"}
        httpx.post(f"{gateway.url}/v1/chat/completions", content=raw, headers=headers)
    assert provider.requests[0].body == raw.replace(b'"model" : "asked"', b'"model" : "own"')


def test_a_reply_keeps_its_headers_and_bytes(provider):
    said = b'{"id":"1", "choices":[],  "unknown": {"deep": [null]}}\n'
    more = (("x-request-id", "req_1"), ("set-cookie", "a=b"), ("x-ratelimit-remaining-requests", "7"))
    provider.play(reply(said, 200, more, content_type="application/json; charset=utf-8"))
    with gateway_of(provider.url) as gateway:
        body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=body)
    assert answer.content == said
    assert answer.headers["x-request-id"] == "req_1"
    assert answer.headers["x-ratelimit-remaining-requests"] == "7"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "set-cookie" not in answer.headers


def test_a_body_that_is_no_request(provider):
    with gateway_of(provider.url) as gateway:
        for body in (b"{", b"[]", b'"text"', b"\xff\xfe", b""):
            for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/chat"):
                headers = {"content-type": "application/json"}
                answer = httpx.post(gateway.url + path, content=body, headers=headers)
                assert answer.status_code == 400, (path, body)
                assert json.loads(answer.content)
    assert provider.count == 0
