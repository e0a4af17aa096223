"""Transports and clients with the tape built in, over the real deck: record, stop the server, replay."""

from __future__ import annotations

import asyncio
import sys

import httpx
import httpx2
import pytest

import tokentape
from tokentape import clients
from tokentape.errors import CassetteNotFound, ReplayError, ReplayMiss, UsageError
from tokentape.opening import open_deck
from tokentape.testing.contracts.scripts import EVENTS, SSE, TEXT
from tokentape.testing.provider import Framing, Provider, reply

PATH = "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "Say hello."}], "stream": True}


@pytest.fixture(params=[httpx, httpx2], ids=lambda module: module.__name__)
def http(request):
    return request.param


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        running.play(reply(EVENTS, headers=SSE, framing=Framing.CHUNKED), times=None)
        yield running


@pytest.fixture
def file(outside):
    return outside / "cassettes" / "hello.json"


def chunks(client, url):
    with client.stream("POST", url + PATH, json=BODY) as response:
        return list(response.iter_raw())


async def achunks(client, url):
    async with client.stream("POST", url + PATH, json=BODY) as response:
        return [chunk async for chunk in response.aiter_raw()]


def sync_use(client, url):
    with client:
        return chunks(client, url)


def async_use(client, url):
    async def main():
        async with client:
            return await achunks(client, url)

    return asyncio.run(main())


WAYS = {
    "client": lambda http, file, **more: sync_use(tokentape.client(file, library=http, **more), URL[0]),
    "async client": lambda http, file, **more: async_use(
        tokentape.async_client(file, library=http, **more), URL[0]
    ),
    "auto, sync": lambda http, file, **more: sync_use(
        http.Client(transport=clients.auto_transport(file, library=http, **more)), URL[0]
    ),
    "auto, async": lambda http, file, **more: async_use(
        http.AsyncClient(transport=clients.auto_transport(file, library=http, **more)), URL[0]
    ),
    "inner, sync": lambda http, file, **more: sync_use(
        http.Client(transport=clients.auto_transport(file, http.HTTPTransport(), library=http, **more)),
        URL[0],
    ),
    "inner, async": lambda http, file, **more: async_use(
        http.AsyncClient(
            transport=clients.auto_transport(file, http.AsyncHTTPTransport(), library=http, **more)
        ),
        URL[0],
    ),
}
URL = [""]


@pytest.mark.parametrize("way", WAYS)
def test_record_stop_the_server_replay(http, provider, file, way):
    URL[0] = provider.url
    recorded = WAYS[way](http, file)
    provider.stop()
    assert WAYS[way](http, file) == recorded
    assert WAYS[way](http, file, mode="none") == recorded
    assert b"".join(recorded) == TEXT
    assert provider.count == 1


def test_the_replay_transport_replays_sync_and_async_in_any_mode(http, provider, file, monkeypatch):
    URL[0] = provider.url
    recorded = WAYS["client"](http, file)
    kept = file.read_bytes()
    monkeypatch.setenv("TOKENTAPE_MODE", "all")
    assert (
        sync_use(http.Client(transport=clients.replay_transport(file, library=http)), provider.url)
        == recorded
    )
    assert (
        async_use(http.AsyncClient(transport=clients.replay_transport(file, library=http)), provider.url)
        == recorded
    )
    assert provider.count == 1
    assert file.read_bytes() == kept


def test_a_replay_transport_cannot_send(http, provider, file):
    URL[0] = provider.url
    WAYS["client"](http, file)
    client = http.Client(transport=clients.replay_transport(file, library=http))
    response = client.post(provider.url + PATH, json={**BODY, "temperature": 1})
    assert response.status_code == 400
    assert response.headers["x-should-retry"] == "false"
    with pytest.raises(ReplayMiss):
        client.close()
    assert provider.count == 1


def test_what_is_not_for_the_cassette_is_refused_by_a_replay_transport(http, provider, file):
    URL[0] = provider.url
    WAYS["client"](http, file)
    client = http.Client(transport=clients.replay_transport(file, library=http, record="llm"))
    assert client.get(provider.url + "/weather/today").status_code == 400
    with pytest.raises(ReplayError, match="a replay transport sends nothing"):
        client.close()
    assert provider.count == 1


def test_record_replaces_what_was_there(http, provider, file):
    URL[0] = provider.url
    WAYS["client"](http, file)
    sync_use(http.Client(transport=clients.record_transport(file, library=http)), provider.url)
    assert provider.count == 2


def test_a_key_fixes_the_id(http, provider, file):
    def ask(question):
        with tokentape.client(file, library=http, key="weather") as client:
            return client.post(provider.url + PATH, json={**BODY, "seed": question}).text

    assert ask(1) == TEXT.decode()
    assert b'{"id": "weather"' in file.read_bytes()
    provider.stop()
    assert ask(2) == TEXT.decode()


def test_a_deck_handed_in_stays_open(http, provider, file):
    deck = open_deck(file)
    sync_use(tokentape.client(deck, library=http), provider.url)
    assert not deck.is_closed
    assert deck.tally.recorded == 1
    deck.close()


def test_inside_a_cassette_it_is_recorded_once_and_by_its_own_deck(http, provider, file, outside):
    with tokentape.use_cassette(outside / "outer.json") as outer:
        sync_use(tokentape.client(file, library=http), provider.url)
    assert outer.tally.recorded == 0
    assert file.exists()


def test_a_users_transport_and_settings_are_used(http, provider, file):
    class Own(http.HTTPTransport):
        handled = closed = 0

        def handle_request(self, request):
            Own.handled += 1
            return super().handle_request(request)

        def close(self):
            Own.closed += 1
            super().close()

    settings = {"transport": Own(), "headers": {"x-own": "1"}, "timeout": 7.0}
    with tokentape.client(file, library=http, http=settings) as client:
        assert client.timeout.read == 7.0
        client.post(provider.url + PATH, json=BODY)
    assert (Own.handled, Own.closed) == (1, 1)
    assert provider.requests[0].header("x-own") == "1"


def test_a_miss_is_raised_when_the_client_closes_also_from_an_error(http, provider, file):
    URL[0] = provider.url
    WAYS["client"](http, file)

    def work():
        with tokentape.client(file, library=http) as client:
            client.post(provider.url + PATH, json={**BODY, "n": 2}).raise_for_status()

    with pytest.raises(ReplayMiss) as caught:
        work()
    assert isinstance(caught.value.__cause__ or caught.value.__context__, http.HTTPStatusError)


def test_errors_come_early_and_say_what_to_do(http, file, provider):
    with pytest.raises(UsageError, match="did you mean 'mode'"):
        tokentape.client(file, library=http, moed="none")
    with tokentape.client(file, library=http, mode="none") as client, pytest.raises(CassetteNotFound):
        client.post(provider.url + PATH, json=BODY)
    closed = clients.auto_transport(file, library=http)
    closed.close()
    with pytest.raises(UsageError, match="closed"):
        closed.handle_request(http.Request("GET", provider.url))


def test_the_default_library_is_httpx2_then_httpx(file, monkeypatch):
    assert isinstance(tokentape.client(file), httpx2.Client)
    assert isinstance(tokentape.async_client(file, library="httpx"), httpx.AsyncClient)
    monkeypatch.setitem(sys.modules, "httpx2", None)
    assert isinstance(tokentape.client(file), httpx.Client)
    with pytest.raises(UsageError, match="library='httpx2' is not installed"):
        tokentape.client(file, library="httpx2")


def test_it_is_the_librarys_own_client(http, file):
    assert isinstance(tokentape.client(file, library=http), http.Client)
    transport = clients.replay_transport(file, library=http)
    assert isinstance(transport, http.BaseTransport)
    assert isinstance(transport, http.AsyncBaseTransport)
    assert not hasattr(transport, "_inner")
