"""azure-ai-inference, async: azure-core over aiohttp."""

from __future__ import annotations

import pytest

pytest.importorskip("azure.ai.inference", reason="needs azure-ai-inference")
pytest.importorskip("aiohttp")
from azure.ai.inference.aio import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

ASK = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Capital of Norway?"}]}


def client(url):
    return ChatCompletionsClient(
        url,
        AzureKeyCredential("azure-key-0123456789abcdef"),
        api_version="2024-05-01-preview",
        retry_backoff_factor=0,
    )


def test_chat_and_stream(tape):
    async def scenario(url):
        async with client(url) as sdk:
            whole = (await sdk.complete(ASK)).as_dict()
            stream = await sdk.complete({**ASK, "stream": True})
            return [whole, [event.as_dict() async for event in stream]]

    whole, events = tape.twice(scenario)
    assert whole["choices"][0]["message"]["content"].startswith("Answer")
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_R17_errors_and_retries(tape):
    tape.provider.fails(503, times=2)
    tape.provider.fails(404)

    async def scenario(url):
        async with client(url) as sdk:
            with pytest.raises(HttpResponseError) as caught:
                await sdk.complete(ASK)
            return [type(caught.value).__name__, caught.value.status_code, str(caught.value)]

    assert tape.twice(scenario)[1] == 404
    assert tape.provider.count == 3
