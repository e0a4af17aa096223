"""azure-ai-inference: azure-core's pipeline over requests, and over aiohttp."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import WEATHER, user

MODEL = "gpt-4.1-mini"


def client(url: str) -> Any:
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    key = AzureKeyCredential("azure-key-0123456789abcdef")
    return ChatCompletionsClient(url, key, api_version="2024-05-01-preview", retry_backoff_factor=0)


def async_client(url: str) -> Any:
    from azure.ai.inference.aio import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    key = AzureKeyCredential("azure-key-0123456789abcdef")
    return ChatCompletionsClient(url, key, api_version="2024-05-01-preview", retry_backoff_factor=0)


def body(text: str, **more: Any) -> dict[str, Any]:
    """The request as JSON, which both clients take."""
    return {"model": MODEL, "messages": user(text), **more}


def answered(text: str, reply: Any) -> dict[str, Any]:
    """The conversation with the reply's tool calls and their results."""
    said = reply.choices[0].message.as_dict()
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in said["tool_calls"]]
    return {"model": MODEL, "messages": [*user(text), said, *results], "tools": [WEATHER]}


def ask(sdk: Any, text: str) -> Any:
    return sdk.complete(body(text))


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.complete(body(text, stream=True)))


def tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.complete(body(text, tools=[WEATHER]))
    return [first, sdk.complete(answered(text, first))]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.complete(body(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    return [event async for event in await sdk.complete(body(text, stream=True))]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.complete(body(text, tools=[WEATHER]))
    return [first, await sdk.complete(answered(text, first))]


ENTRIES = (
    Sdk(
        name="azure-ai-inference",
        module="azure.ai.inference",
        requires=("azure-ai-inference", "aiohttp"),
        sync=Side(client, ask, stream, tools, "requests"),
        asynchronous=Side(async_client, async_ask, async_stream, async_tools, "aiohttp"),
    ),
)
