"""The OpenAI SDK with its aiohttp client: two libraries stacked, one recording for each call."""

from __future__ import annotations

import asyncio
import json

import pytest

openai = pytest.importorskip("openai")
pytest.importorskip("aiohttp")
if not hasattr(openai, "DefaultAioHttpClient"):
    pytest.skip("this openai has no aiohttp client", allow_module_level=True)
try:
    openai.DefaultAioHttpClient()
except RuntimeError:
    pytest.skip("openai's aiohttp client needs a package that is missing", allow_module_level=True)

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Say hello."}]}


def client(url, **options):
    return openai.AsyncOpenAI(
        api_key="sk-test-0123456789abcdef0123",
        base_url=f"{url}/v1",
        http_client=openai.DefaultAioHttpClient(),
        **options,
    )


def test_chat_stream_and_error(tape):
    async def scenario(url):
        async with client(url) as sdk:
            whole = await sdk.chat.completions.create(**ASK)
            stream = await sdk.chat.completions.create(**ASK, stream=True)
            return [whole, [event async for event in stream]]

    whole, events = tape.twice(scenario)
    assert whole["choices"][0]["message"]["content"]
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert json.loads(tape.path.read_text())["count"] == 2


def test_R17_errors_and_retries(tape):
    tape.provider.fails(503)

    async def scenario(url):
        async with client(url, max_retries=1) as sdk:
            return await sdk.chat.completions.create(**ASK)

    tape.twice(scenario)
    assert tape.provider.count == 2


def test_twenty_at_once(tape):
    async def scenario(url):
        async with client(url) as sdk:
            calls = [
                sdk.chat.completions.create(
                    model="gpt-5-mini", messages=[{"role": "user", "content": f"Number {n}?"}]
                )
                for n in range(20)
            ]
            return await asyncio.gather(*calls)

    assert len(tape.twice(scenario)) == 20
