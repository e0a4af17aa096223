"""Mistral's SDK."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import WEATHER, user

MODEL = "mistral-small-latest"


def client(url: str) -> Any:
    sdk, utils = _parts()
    retry = utils.RetryConfig("backoff", utils.BackoffStrategy(1, 2, 1.0, 5000), True)
    return sdk.Mistral(api_key="mistral-test-0123456789abcdef", server_url=url, retry_config=retry)


def _parts() -> tuple[Any, Any]:
    """The module with the client, and the one with the retries."""
    try:
        return import_module("mistralai.client"), import_module("mistralai.client.utils")
    except ImportError:  # before version 2
        return import_module("mistralai"), import_module("mistralai.utils")


def answered(messages: list[Any], reply: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    said = reply.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "name": call.function.name, "content": "rain"}
        for call in said.tool_calls
    ]
    return [*messages, said.model_dump(exclude_none=True), *results]


def ask(sdk: Any, text: str) -> Any:
    return sdk.chat.complete(model=MODEL, messages=user(text))


def stream(sdk: Any, text: str) -> list[Any]:
    with sdk.chat.stream(model=MODEL, messages=user(text)) as events:
        return list(events)


def tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.chat.complete(model=MODEL, messages=user(text), tools=[WEATHER])
    more = answered(user(text), first)
    return [first, sdk.chat.complete(model=MODEL, messages=more, tools=[WEATHER])]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.chat.complete_async(model=MODEL, messages=user(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    async with await sdk.chat.stream_async(model=MODEL, messages=user(text)) as events:
        return [event async for event in events]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.chat.complete_async(model=MODEL, messages=user(text), tools=[WEATHER])
    more = answered(user(text), first)
    return [first, await sdk.chat.complete_async(model=MODEL, messages=more, tools=[WEATHER])]


ENTRIES = (
    Sdk(
        name="mistralai",
        module="mistralai",
        requires=("mistralai",),
        sync=Side(client, ask, stream, tools, "httpx2 or httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "httpx2 or httpx"),
    ),
)
