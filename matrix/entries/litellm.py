"""LiteLLM: OpenAI's SDK for one dialect, clients of its own for the others; asynchronous calls on aiohttp."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import WEATHER, user

ENVIRONMENT = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""Its import would fetch a price list."""

AWS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
    "aws_region_name": "us-east-1",
}
RETRIES = {"retry_policy": {"DefaultRetries": 2, "BadRequestErrorRetries": 0}}
"""LiteLLM's own clients retry when told to (OpenAI's SDK does by itself); `num_retries` retries a 400 too."""


class Session:
    """Options of every call; LiteLLM keeps the HTTP clients itself."""

    def __init__(self, url: str, base: str = "{url}", **more: Any) -> None:
        os.environ.update(ENVIRONMENT)
        self.options = {"api_base": base.format(url=url), "max_tokens": 64, **more}

    def __call__(self, text: str, **more: Any) -> Any:
        import litellm

        return litellm.completion(messages=more.pop("messages", None) or user(text), **self.options, **more)

    async def ask(self, text: str, **more: Any) -> Any:
        import litellm

        messages = more.pop("messages", None) or user(text)
        return await litellm.acompletion(messages=messages, **self.options, **more)


def data(reply: Any) -> Any:
    """The reply, without the time and the id that LiteLLM makes for dialects that have none."""
    return reply.model_dump(mode="json", exclude={"created", "id"})


def answered(text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    said = reply.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in said.tool_calls]
    return [*user(text), said.model_dump(exclude_none=True), *results]


def ask(session: Session, text: str) -> Any:
    return data(session(text))


def stream(session: Session, text: str) -> list[Any]:
    return [data(chunk) for chunk in session(text, stream=True)]


def tools(session: Session, text: str) -> list[Any]:
    first = session(text, tools=[WEATHER])
    return [data(first), data(session("", messages=answered(text, first), tools=[WEATHER]))]


async def async_ask(session: Session, text: str) -> Any:
    return data(await session.ask(text))


async def async_stream(session: Session, text: str) -> list[Any]:
    return [data(chunk) async for chunk in await session.ask(text, stream=True)]


async def async_tools(session: Session, text: str) -> list[Any]:
    first = await session.ask(text, tools=[WEATHER])
    return [data(first), data(await session.ask("", messages=answered(text, first), tools=[WEATHER]))]


def _entry(name: str, model: str, **options: Any) -> Sdk:
    client = partial(Session, model=model, **options)
    return Sdk(
        name=name,
        module="litellm mcp",
        requires=("litellm", "mcp>=2"),
        sync=Side(client, ask, stream, tools, "httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "aiohttp"),
    )


ENTRIES = (
    _entry("litellm", "openai/gpt-4.1-mini", api_key="sk-test-0123456789abcdef0123", base="{url}/v1"),
    _entry(
        "litellm anthropic",
        "anthropic/claude-sonnet-4-5",
        api_key="sk-ant-api03-0123456789abcdef",
        **RETRIES,
    ),
    _entry(
        "litellm gemini",
        "gemini/gemini-2.5-flash",
        api_key="AIzaSyA0123456789abcdef0123456789abcdef",
        **RETRIES,
    ),
    _entry("litellm bedrock", "bedrock/converse/anthropic.claude-3-haiku-20240307-v1:0", **AWS, **RETRIES),
)
