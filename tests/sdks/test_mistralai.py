"""The Mistral SDK."""

from __future__ import annotations

import asyncio

import pytest

mistralai = pytest.importorskip("mistralai.client", reason="needs mistralai")

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ASK = {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Say hello."}]}


def client(url):
    return mistralai.Mistral(api_key="mistral-test-0123456789abcdef", server_url=url)


def test_chat(tape):
    assert tape.twice(lambda url: client(url).chat.complete(**ASK))["choices"][0]["message"]["content"]


def test_stream(tape):
    events = tape.twice(lambda url: list(client(url).chat.stream(**ASK)))
    assert events[-1]["data"]["choices"][0]["finish_reason"] == "stop"


def test_a_tool_call(tape):
    ask = {**ASK, "messages": [{"role": "user", "content": "Weather in Oslo?"}]}
    reply = tape.twice(lambda url: client(url).chat.complete(**ask, tools=[TOOL]))
    assert reply["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_R17_errors_are_the_same_exceptions(tape, status):
    tape.provider.fails(status, times=None)

    def scenario(url):
        try:
            client(url).chat.complete(**ASK)
        except Exception as error:
            return [error, getattr(error, "status_code", None)]

    assert tape.twice(scenario)[1] == status


def test_async(tape):
    async def scenario(url):
        async with client(url) as sdk:
            stream = await sdk.chat.stream_async(**ASK)
            events = [event async for event in stream]
            many = await asyncio.gather(*(sdk.chat.complete_async(**ASK) for _ in range(20)))
            return [events, sorted(reply.id for reply in many)]

    assert len(tape.twice(scenario)[1]) == 20
