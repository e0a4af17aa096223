"""Ollama's SDK."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import WEATHER, user

MODEL = "llama3.2"
NO_RETRIES = "the SDK does not retry"


class Closing:
    """The SDK's client, closed after use: its versions differ in how."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self.chat = made.chat

    def close(self) -> Any:
        http = self.made._client
        return http.close() if hasattr(http, "close") else http.aclose()


def client(url: str) -> Any:
    import ollama

    return Closing(ollama.Client(host=url))


def async_client(url: str) -> Any:
    import ollama

    return Closing(ollama.AsyncClient(host=url))


def answered(text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's tool call and its result."""
    return [*user(text), reply.message, {"role": "tool", "content": "rain", "tool_name": "get_weather"}]


def ask(sdk: Any, text: str) -> Any:
    return sdk.chat(model=MODEL, messages=user(text))


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.chat(model=MODEL, messages=user(text), stream=True))


def tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.chat(model=MODEL, messages=user(text), tools=[WEATHER])
    return [first, sdk.chat(model=MODEL, messages=answered(text, first), tools=[WEATHER])]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.chat(model=MODEL, messages=user(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    return [event async for event in await sdk.chat(model=MODEL, messages=user(text), stream=True)]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.chat(model=MODEL, messages=user(text), tools=[WEATHER])
    return [first, await sdk.chat(model=MODEL, messages=answered(text, first), tools=[WEATHER])]


ENTRIES = (
    Sdk(
        name="ollama",
        module="ollama",
        requires=("ollama",),
        sync=Side(client, ask, stream, tools, "httpx", attempts=NO_RETRIES),
        asynchronous=Side(async_client, async_ask, async_stream, async_tools, "httpx", attempts=NO_RETRIES),
    ),
)
