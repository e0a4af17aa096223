"""The Google Gen AI SDK over httpx2 (or httpx, for older versions)."""

from __future__ import annotations

import asyncio

import pytest

genai = pytest.importorskip("google.genai")
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")


@pytest.fixture(autouse=True)
def _kept():
    """A client closes itself when it is dropped, also in the middle of a call."""
    yield
    while KEPT:
        getattr(KEPT.pop(), "close", lambda: None)()


KEPT = []


def client(url, **options):
    http = {"base_url": url, **options}
    KEPT.append(genai.Client(api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options=http))
    return KEPT[-1]


def get_weather(city: str) -> str:
    """The weather in a city."""
    return "rain"


ASK = {"model": "gemini-3-flash", "contents": "Say hello."}


def test_generate(tape):
    assert tape.twice(lambda url: client(url).models.generate_content(**ASK))["candidates"]


def test_stream(tape):
    events = tape.twice(lambda url: list(client(url).models.generate_content_stream(**ASK)))
    assert events[-1]["candidates"][0]["finish_reason"] == "STOP"


def test_automatic_tool_calls(tape):
    def scenario(url):
        config = {"tools": [get_weather]}
        return client(url).models.generate_content(**{**ASK, "contents": "Weather in Oslo?"}, config=config)

    assert tape.twice(scenario)["candidates"]
    assert tape.provider.count == 2


def test_count_tokens(tape):
    assert tape.twice(lambda url: client(url).models.count_tokens(**ASK))["total_tokens"] > 0


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    def scenario(url):
        try:
            client(url).models.generate_content(**ASK)
        except genai.errors.APIError as error:
            return [error, error.code]

    assert tape.twice(scenario)[1] == status


def test_async(tape):
    httpx2 = pytest.importorskip("httpx2")

    async def scenario(url):
        async with httpx2.AsyncClient() as http:  # else it takes aiohttp, where that is installed
            sdk = client(url, httpx_async_client=http).aio
            stream = await sdk.models.generate_content_stream(**ASK)
            events = [event async for event in stream]
            many = await asyncio.gather(*(sdk.models.generate_content(**ASK) for _ in range(20)))
        return [events, sorted(reply.response_id or "" for reply in many)]

    assert len(tape.twice(scenario)[1]) == 20
