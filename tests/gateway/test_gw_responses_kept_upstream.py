"""An upstream that keeps responses itself, beside one that does not."""

from __future__ import annotations

import json

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")


@pytest.fixture(scope="module")
def ends():
    from running import running, setup, upstream

    from tokentape.testing.provider import Provider

    with Provider(gap=0) as provider:
        keeping = upstream(f"{provider.url}/v1", "openai.responses", "openai", keeps_responses=True)
        other = upstream(f"{provider.url}/v1", "openai.chat", "chat")
        with running(setup(other, keeping)) as gateway:
            with httpx.Client(base_url=gateway.url, timeout=30) as client:
                yield client, provider


@pytest.fixture
def client(ends):
    return ends[0]


@pytest.fixture
def provider(ends):
    ends[1].forget()
    return ends[1]


def test_a_request_goes_there_as_it_is_and_its_reply_comes_back_so(client, provider):
    body = b'{"model": "openai/m",  "input":"x", "store":true, "metadata": {"a": "b"}}'
    reply = client.post("/v1/responses", content=body, headers={"content-type": "application/json"})
    assert provider.requests[0].body == body.replace(b"openai/m", b"m")
    assert reply.json()["metadata"] == {"a": "b"}


def test_calls_about_it_go_there_too(client, provider):
    made = client.post("/v1/responses", json={"model": "openai/m", "input": "x"}).json()
    path = f"/v1/responses/{made['id']}"
    client.get(path)
    client.get(f"{path}/input_items?limit=1")
    client.delete(path)
    asked = [(seen.method, seen.target) for seen in provider.requests[1:]]
    assert asked == [("GET", path), ("GET", f"{path}/input_items?limit=1"), ("DELETE", path)]


def test_what_it_does_not_know_is_its_error(client, provider):
    reply = client.get("/v1/responses/resp_nobody")
    assert reply.status_code == 404
    assert provider.requests[0].target == "/v1/responses/resp_nobody"


def test_going_on_there_is_its_own_affair(client, provider):
    made = client.post("/v1/responses", json={"model": "openai/m", "input": "x"}).json()
    body = {"model": "openai/m", "input": "y", "previous_response_id": made["id"]}
    client.post("/v1/responses", json=body)
    assert json.loads(provider.requests[-1].body)["previous_response_id"] == made["id"]


def test_a_conversation_moves_from_one_that_keeps_nothing(client, provider):
    made = client.post("/v1/responses", json={"model": "m", "input": "I am Alice."}).json()
    body = {"model": "openai/m", "input": "Who am I?", "previous_response_id": made["id"]}
    second = client.post("/v1/responses", json=body).json()
    sent = json.loads(provider.requests[-1].body)
    assert provider.requests[-1].target == "/v1/responses"
    assert sent["store"] is False
    assert len(sent["input"]) == 3
    assert "previous_response_id" not in sent
    before = provider.count
    assert client.get(f"/v1/responses/{second['id']}").json()["previous_response_id"] == made["id"]
    assert provider.count == before
