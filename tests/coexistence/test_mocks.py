"""Beside mocks: the mock answers what it has a route for, tokentape what it lets pass, in either order."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from both_active import both, call_of

import tokentape
from tokentape.errors import TokentapeWarning

SEARCH = "https://search.example.com/"


def search_by_httpx():
    import httpx

    return httpx.get(SEARCH).json()


def search_by_httpx_async():
    import httpx

    async def main():
        async with httpx.AsyncClient() as client:
            return (await client.get(SEARCH)).json()

    return asyncio.run(main())


def search_by_requests():
    import requests

    return requests.get(SEARCH, timeout=5).json()


def search_by_aiohttp():
    import aiohttp

    async def main():
        async with aiohttp.ClientSession() as session, session.get(SEARCH) as got:
            return await got.json()

    return asyncio.run(main())


@contextmanager
def by_respx(url, using="httpcore"):
    import respx

    with respx.mock(using=using, assert_all_called=False) as mock:
        mock.get(SEARCH).respond(json={"mocked": 1})
        mock.route(host="127.0.0.1").pass_through()
        yield


@contextmanager
def by_responses(url):
    import responses

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(SEARCH, json={"mocked": 1})
        mock.add_passthru(url)
        yield


@contextmanager
def by_requests_mock(url):
    import requests_mock

    with requests_mock.Mocker(real_http=True) as mock:
        mock.get(SEARCH, json={"mocked": 1})
        yield


@contextmanager
def by_aioresponses(url):
    import aioresponses

    with aioresponses.aioresponses(passthrough=[url]) as mock:
        mock.get(SEARCH, payload={"mocked": 1}, repeat=True)
        yield


MOCKS = {
    "respx": (by_respx, search_by_httpx, "httpx"),
    "respx-async": (by_respx, search_by_httpx_async, "httpx-async"),
    "respx-client": (lambda url: by_respx(url, "httpx"), search_by_httpx, "httpx"),
    "responses": (by_responses, search_by_requests, "requests"),
    "requests_mock": (by_requests_mock, search_by_requests, "requests"),
    "aioresponses": (by_aioresponses, search_by_aiohttp, "aiohttp"),
}


def mocked_by(name):
    """The mock, where it is installed and fits its library at all."""
    pytest.importorskip(name.partition("-")[0])
    mocked, search, library = MOCKS[name]
    try:
        with mocked("http://127.0.0.1"):
            search()
    except TypeError as error:
        pytest.skip(f"this {name} does not fit this {library}: {error}")
    return mocked, search, library


@pytest.mark.parametrize("mock", MOCKS)
def test_the_mock_serves_its_routes_and_calls_of_models_are_recorded(
    provider, url, file, order, mock, originals
):
    mocked, search, library = mocked_by(mock)
    call = call_of(library)

    def run():
        with both(tokentape.use_cassette(file), mocked(url), order) as deck:
            reply = call(url)
            assert search() == {"mocked": 1}
        assert (deck.tally.recorded, deck.tally.unrecorded, provider.count) == (1, 0, 1)
        provider.stop()
        with both(tokentape.use_cassette(file, mode="none"), mocked(url), order) as deck:
            assert search() == {"mocked": 1}
            assert call(url) == reply
        assert (deck.tally.replayed, deck.tally.missed) == (1, 0)

    originals(run)


def test_a_model_mocked_below_us_is_no_recording_and_is_said(url, file):
    """respx at its default place is asked after us: what it makes up must not pass for a recording."""
    respx, httpx = pytest.importorskip("respx"), pytest.importorskip("httpx")
    with pytest.warns(TokentapeWarning, match="answered by a mock of respx"):
        with tokentape.use_cassette(file) as deck, respx.mock:
            respx.post(url).respond(json={"made": "up"})
            assert httpx.post(url, json={"messages": []}).json() == {"made": "up"}
    assert (deck.tally.recorded, deck.tally.unrecorded) == (0, 1)


@pytest.mark.parametrize("mock", ["responses", "requests_mock", "aioresponses"])
def test_what_is_mocked_above_us_never_reaches_us(url, file, nested, mock):
    mocked, search, _ = mocked_by(mock)
    with both(tokentape.use_cassette(file), mocked(url), nested) as deck:
        assert search() == {"mocked": 1}
    assert (deck.tally.recorded, deck.tally.unrecorded) == (0, 0)
