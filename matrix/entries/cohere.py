"""Cohere's SDK. Its asynchronous client takes aiohttp where httpx-aiohttp is installed."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import WEATHER, user

MODEL = "command-a-03-2025"


def client(url: str) -> Any:
    import cohere

    return cohere.ClientV2(api_key="co-test-0123456789abcdef", base_url=url)


def async_client(url: str) -> Any:
    import cohere

    return cohere.AsyncClientV2(api_key="co-test-0123456789abcdef", base_url=url)


def answered(text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    said = {"role": "assistant", "tool_calls": reply.message.tool_calls, "tool_plan": reply.message.tool_plan}
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in reply.message.tool_calls
    ]
    return [*user(text), said, *results]


def ask(sdk: Any, text: str) -> Any:
    return sdk.chat(model=MODEL, messages=user(text))


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.chat_stream(model=MODEL, messages=user(text)))


def tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.chat(model=MODEL, messages=user(text), tools=[WEATHER])
    return [first, sdk.chat(model=MODEL, messages=answered(text, first), tools=[WEATHER])]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.chat(model=MODEL, messages=user(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    return [event async for event in sdk.chat_stream(model=MODEL, messages=user(text))]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.chat(model=MODEL, messages=user(text), tools=[WEATHER])
    return [first, await sdk.chat(model=MODEL, messages=answered(text, first), tools=[WEATHER])]


ENTRIES = (
    Sdk(
        name="cohere",
        module="cohere",
        requires=("cohere", "httpx-aiohttp"),
        sync=Side(client, ask, stream, tools, "httpx"),
        asynchronous=Side(async_client, async_ask, async_stream, async_tools, "aiohttp"),
    ),
)
