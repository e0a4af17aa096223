"""The Google Gen AI SDK, async: it sends through aiohttp where that is installed."""

from __future__ import annotations

import asyncio

import pytest

genai = pytest.importorskip("google.genai")
pytest.importorskip("aiohttp")
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

ASK = {"model": "gemini-3-flash", "contents": "Say hello."}


def client(url):
    return genai.Client(
        api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options={"base_url": url, "timeout": 20_000}
    )


def test_it_is_aiohttp_that_sends(tape):
    from tokentape.interceptors.aiohttp import driver as aiohttp_driver

    seen = []
    original = aiohttp_driver.Driver.connect

    async def counted(self, connector, request, *more):
        seen.append(str(request.url))
        return await original(self, connector, request, *more)

    async def scenario(url):
        sdk = client(url).aio
        reply = await sdk.models.generate_content(**ASK)
        await sdk.aclose()
        return reply

    aiohttp_driver.Driver.connect = counted
    try:
        tape.twice(scenario)
    finally:
        aiohttp_driver.Driver.connect = original
    assert len(seen) == 3


def test_generate_stream_tools_and_concurrency(tape):
    def weather(city: str) -> str:
        """The weather in a city."""
        return "rain"

    async def scenario(url):
        sdk = client(url).aio
        whole = await sdk.models.generate_content(**ASK)
        stream = await sdk.models.generate_content_stream(**ASK)
        events = [event async for event in stream]
        called = await sdk.models.generate_content(
            model="gemini-3-flash", contents="Weather in Oslo?", config={"tools": [weather]}
        )
        many = await asyncio.gather(*(sdk.models.generate_content(**ASK) for _ in range(10)))
        await sdk.aclose()
        return [whole, events, called, sorted(reply.response_id or "" for reply in many)]

    _, events, _, many = tape.twice(scenario)
    assert events[-1]["candidates"][0]["finish_reason"] == "STOP"
    assert len(many) == 10


@pytest.mark.parametrize("status", [400, 404, 503])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    async def scenario(url):
        sdk = client(url).aio
        with pytest.raises(genai.errors.APIError) as caught:
            await sdk.models.generate_content(**ASK)
        await sdk.aclose()
        return [type(caught.value).__name__, str(caught.value), caught.value.code]

    assert tape.twice(scenario)[2] == status
