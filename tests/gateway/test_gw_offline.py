"""A cassette as an upstream, and what of it and of counts is on the tape at the client's edge."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import running, setup, upstream

import tokentape
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.gateway.tapes import RecordOptions

CHAT = "/v1/chat/completions"
COUNT = "/v1/messages/count_tokens"
NOWHERE = "http://127.0.0.1:9"
USER = [{"role": "user", "content": "Hello?"}]


def offline(name="canned", dialect="openai.chat"):
    return replace(upstream("http://cassette.invalid", dialect, "offline"), cassette=name)


def names(root):
    return sorted(DirectoryStore(root).names())


def urls(root, name):
    cassette = DirectoryStore(root).load(name)
    return [cassette.interaction(nth).request.url for nth in range(len(cassette.entries))]


@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/embeddings"])
def test_a_miss_of_a_cassette_that_is_an_upstream_is_told_and_on_no_tape(tmp_path, path):
    record = RecordOptions(str(tmp_path))
    body = {"model": "m", "max_tokens": 5, "messages": USER, "input": "x"}
    with running(setup(offline()), record=record) as gateway:
        said = httpx.post(gateway.url + path, json=body)
    assert (said.status_code, said.headers["x-should-retry"]) == (400, "false")
    assert "canned" in said.text
    assert said.headers["x-tokentape-error"] == "gateway"
    assert names(tmp_path) == [] or urls(tmp_path, "gateway") == []


def test_a_recording_of_the_gateway_is_a_provider_afterwards(provider, tmp_path):
    body = {"model": "m", "messages": USER}
    with running(setup(upstream(provider.url)), record=RecordOptions(str(tmp_path), "canned")) as gateway:
        live = httpx.post(gateway.url + CHAT, json=body)
    with running(setup(offline()), record=RecordOptions(str(tmp_path), "copy")) as gateway:
        same = httpx.post(gateway.url + CHAT, json=body)
        other = httpx.post(gateway.url + "/v1/messages", json={**body, "max_tokens": 5})
    assert same.content == live.content
    assert (other.status_code, other.headers["x-tokentape-error"]) == (400, "gateway")
    assert names(tmp_path) == ["canned", "copy"]
    assert len(urls(tmp_path, "copy")) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/nowhere", b"{}", 404), (CHAT, b"[]", 400), ("/v1/embeddings", b"no JSON", 415)],
)
def test_what_the_gateway_refuses_says_that_no_provider_did(path, body, status):
    kind = "text/plain" if status == 415 else "application/json"
    with running(setup(upstream(NOWHERE))) as gateway:
        said = httpx.post(gateway.url + path, content=body, headers={"content-type": kind})
    assert (said.status_code, said.headers["x-tokentape-error"]) == (status, "gateway")


def test_a_miss_of_another_gateway_is_on_no_tape(tmp_path):
    inner, outer = RecordOptions(str(tmp_path / "inner"), mode="none"), RecordOptions(str(tmp_path / "outer"))
    with (
        running(setup(upstream(NOWHERE)), record=inner) as other,
        running(setup(upstream(other.url)), record=outer) as gateway,
    ):
        said = httpx.post(gateway.url + CHAT, json={"model": "m", "messages": USER})
    assert (said.status_code, said.headers["x-tokentape-error"]) == (400, "gateway")
    assert "there is no such cassette" in said.text
    assert names(tmp_path / "outer") == [] or urls(tmp_path / "outer", "gateway") == []


@pytest.mark.parametrize("dialect", ["openai.chat", "gemini", "anthropic.messages"])
def test_a_count_is_on_the_tape_that_its_client_named_as_the_client_saw_it(provider, tmp_path, dialect):
    body = {"model": "m", "messages": USER}
    named = {"x-tokentape-cassette": "booking"}
    record = RecordOptions(str(tmp_path), "all")
    with running(setup(upstream(provider.url, dialect)), record=record) as gateway:
        live = httpx.post(gateway.url + COUNT, json=body, headers=named)
        assert live.status_code == 200
        assert urls_after(gateway, tmp_path) == [gateway.url + COUNT]
    assert names(tmp_path) == ["booking"]
    with running(setup(upstream(NOWHERE, dialect)), record=replace(record, mode="none")) as gateway:
        again = httpx.post(gateway.url + COUNT, json=body, headers=named)
        missed = httpx.post(gateway.url + COUNT, json={**body, "system": "Else."}, headers=named)
    assert again.content == live.content
    assert missed.status_code == 400
    with tokentape.use_cassette(str(tmp_path / "booking.json"), mode="none"):
        assert httpx.post(gateway.url + COUNT, json=body).content == live.content


def urls_after(gateway, root):
    gateway.call(gateway.services.tapes.close())
    return urls(root, "booking")


def test_in_mode_none_a_count_asks_nobody_whatever_is_recorded_by_default(provider, tmp_path):
    record = RecordOptions(str(tmp_path), None, "none")
    with running(setup(upstream(provider.url, "gemini")), record=record) as gateway:
        headers = {"x-tokentape-cassette": "booking"}
        said = httpx.post(gateway.url + COUNT, json={"model": "m", "messages": USER}, headers=headers)
    assert said.status_code == 400
    assert provider.count == 0


class NeverAsked:
    async def signed(self, request, secret):
        raise AssertionError("nothing is proven to a cassette")

    async def refused(self, secret):
        raise AssertionError("nobody is asked for a token")


def test_an_offline_upstream_needs_no_key_and_asks_nobody_for_a_token(provider, tmp_path):
    body = {"model": "m", "messages": USER}
    with running(setup(upstream(provider.url)), record=RecordOptions(str(tmp_path), "canned")) as gateway:
        live = httpx.post(gateway.url + CHAT, json=body)
    keyed = replace(offline(), auth=NeverAsked(), passes_client_key=True)
    with running(setup(keyed), record=RecordOptions(str(tmp_path), None)) as gateway:
        same = httpx.post(gateway.url + CHAT, json=body, headers={"authorization": "Bearer any"})
    assert (same.status_code, same.content) == (200, live.content)
