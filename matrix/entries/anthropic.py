"""Anthropic's SDK: the platform, Bedrock and Vertex."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side

MODEL = "claude-sonnet-4-5"
WEATHER = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
AWS: dict[str, Any] = {
    "aws_access_key": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
    "aws_region": "us-east-1",
}
VERTEX: dict[str, Any] = {"region": "us-east5", "project_id": "a-project", "access_token": "ya29.test-0123"}


def client(url: str) -> Any:
    import anthropic

    return anthropic.Anthropic(api_key="sk-ant-api03-0123456789abcdef", base_url=url)


def async_client(url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropic(api_key="sk-ant-api03-0123456789abcdef", base_url=url)


def bedrock(url: str) -> Any:
    import anthropic

    return anthropic.AnthropicBedrock(base_url=url, **AWS)


def async_bedrock(url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropicBedrock(base_url=url, **AWS)


def vertex(url: str) -> Any:
    import anthropic

    return anthropic.AnthropicVertex(base_url=f"{url}/v1", **VERTEX)


def async_vertex(url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropicVertex(base_url=f"{url}/v1", **VERTEX)


def user(text: str) -> list[Any]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def answered(messages: list[Any], reply: Any) -> list[Any]:
    """The conversation with the reply's tool uses and their results."""
    results = [
        {"type": "tool_result", "tool_use_id": part.id, "content": "rain"}
        for part in reply.content
        if part.type == "tool_use"
    ]
    said = [part.model_dump(exclude_none=True) for part in reply.content]
    return [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": results}]


def ask(sdk: Any, text: str) -> Any:
    return sdk.messages.create(model=MODEL, max_tokens=64, messages=user(text))


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.messages.create(model=MODEL, max_tokens=64, messages=user(text), stream=True))


def tools(sdk: Any, text: str) -> list[Any]:
    options: Any = {"model": MODEL, "max_tokens": 64, "tools": [WEATHER]}
    first = sdk.messages.create(messages=user(text), **options)
    return [first, sdk.messages.create(messages=answered(user(text), first), **options)]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.messages.create(model=MODEL, max_tokens=64, messages=user(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    events = await sdk.messages.create(model=MODEL, max_tokens=64, messages=user(text), stream=True)
    return [event async for event in events]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    options: Any = {"model": MODEL, "max_tokens": 64, "tools": [WEATHER]}
    first = await sdk.messages.create(messages=user(text), **options)
    return [first, await sdk.messages.create(messages=answered(user(text), first), **options)]


HTTP = "httpx2 or httpx"


def _entry(name: str, requires: str, made: Any, made_async: Any, module: str = "anthropic") -> Sdk:
    return Sdk(
        name=name,
        module=module,
        requires=(requires,),
        sync=Side(made, ask, stream, tools, HTTP),
        asynchronous=Side(made_async, async_ask, async_stream, async_tools, HTTP),
    )


ENTRIES = (
    _entry("anthropic", "anthropic", client, async_client),
    _entry("anthropic AnthropicBedrock", "anthropic[bedrock]", bedrock, async_bedrock, "anthropic boto3"),
    _entry("anthropic AnthropicVertex", "anthropic[vertex]", vertex, async_vertex, "anthropic google.auth"),
)
