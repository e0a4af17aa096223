"""Haystack: its generator over OpenAI's SDK, and an agent that calls tools."""

from __future__ import annotations

import os
from typing import Any

from matrix.case import Sdk, Side


def client(url: str) -> Any:
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # it would tell PostHog of each run
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.utils import Secret

    key = Secret.from_token("sk-test-0123456789abcdef0123")
    return OpenAIChatGenerator(api_key=key, model="gpt-5-mini", api_base_url=f"{url}/v1", max_retries=2)


def user(text: str) -> list[Any]:
    from haystack.dataclasses import ChatMessage

    return [ChatMessage.from_user(text)]


def agent(generator: Any) -> Any:
    from haystack.components.agents import Agent
    from haystack.tools import create_tool_from_function

    return Agent(chat_generator=generator, tools=[create_tool_from_function(get_weather)])


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def said(chunk: Any) -> Any:
    """A chunk, without the time at which it was received."""
    return [chunk.content, chunk.tool_calls, chunk.finish_reason, chunk.meta.get("model")]


def data(messages: list[Any]) -> Any:
    """Messages, without the time at which their first chunk was received."""
    dumped = [message.to_dict() for message in messages]
    for message in dumped:
        message.get("meta", {}).pop("completion_start_time", None)
    return dumped


def ask(generator: Any, text: str) -> Any:
    return data(generator.run(user(text))["replies"])


def stream(generator: Any, text: str) -> list[Any]:
    chunks: list[Any] = []
    found = generator.run(user(text), streaming_callback=lambda chunk: chunks.append(said(chunk)))
    return [*chunks, data(found["replies"])]


def tools(generator: Any, text: str) -> Any:
    return data(agent(generator).run(user(text))["messages"])


async def async_ask(generator: Any, text: str) -> Any:
    return data((await generator.run_async(user(text)))["replies"])


async def async_stream(generator: Any, text: str) -> list[Any]:
    chunks: list[Any] = []

    async def receive(chunk: Any) -> None:
        chunks.append(said(chunk))

    found = await generator.run_async(user(text), streaming_callback=receive)
    return [*chunks, data(found["replies"])]


async def async_tools(generator: Any, text: str) -> Any:
    return data((await agent(generator).run_async(user(text)))["messages"])


ENTRIES = (
    Sdk(
        name="haystack",
        module="haystack",
        requires=("haystack-ai",),
        sync=Side(client, ask, stream, tools, "httpx2 or httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "httpx2 or httpx"),
    ),
)
