"""LangChain's chat models: four packages, which send through three HTTP libraries in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matrix.case import Sdk, Side

if TYPE_CHECKING:
    from collections.abc import Callable

BACKGROUND = {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}
"""LangSmith's traces go out only where somebody turned them on."""

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "get_weather", "description": "The weather in a city.", "parameters": CITY}


def openai(url: str) -> Any:
    from langchain_openai import ChatOpenAI

    return _quiet(
        ChatOpenAI, model="gpt-5-mini", api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1"
    )


def anthropic(url: str) -> Any:
    from langchain_anthropic import ChatAnthropic

    return _quiet(
        ChatAnthropic, model="claude-sonnet-4-5", api_key="sk-ant-api03-0123456789abcdef", base_url=url
    )


def google(url: str) -> Any:
    from langchain_google_genai import ChatGoogleGenerativeAI

    key = "AIzaSyA0123456789abcdef0123456789abcdef"
    return _quiet(ChatGoogleGenerativeAI, model="gemini-2.5-flash", api_key=key, base_url=url, max_retries=3)


def aws(url: str) -> Any:
    from botocore.config import Config
    from langchain_aws import ChatBedrockConverse

    return _quiet(
        ChatBedrockConverse,
        model="anthropic.claude-3-haiku-20240307-v1:0",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}),
    )


def _quiet(make: Callable[..., Any], **options: Any) -> Any:
    import os

    os.environ.update(BACKGROUND)
    return make(**options)


def data(message: Any) -> Any:
    """A message without the id of the run, which LangChain makes."""
    return message.model_dump(mode="json", exclude={"id"})


def answered(text: str, message: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    from langchain_core.messages import HumanMessage, ToolMessage

    results = [ToolMessage("rain", tool_call_id=call["id"]) for call in message.tool_calls]
    return [HumanMessage(text), message, *results]


def ask(model: Any, text: str) -> Any:
    return data(model.invoke(text))


def stream(model: Any, text: str) -> list[Any]:
    return [data(chunk) for chunk in model.stream(text)]


def tools(model: Any, text: str) -> list[Any]:
    model = model.bind_tools([WEATHER])
    first = model.invoke(text)
    return [data(first), data(model.invoke(answered(text, first)))]


async def async_ask(model: Any, text: str) -> Any:
    return data(await model.ainvoke(text))


async def async_stream(model: Any, text: str) -> list[Any]:
    return [data(chunk) async for chunk in model.astream(text)]


async def async_tools(model: Any, text: str) -> list[Any]:
    model = model.bind_tools([WEATHER])
    first = await model.ainvoke(text)
    return [data(first), data(await model.ainvoke(answered(text, first)))]


def _entry(package: str, client: Any, through: str, through_async: str, *more: str) -> Sdk:
    return Sdk(
        name=package,
        module=package.replace("-", "_"),
        requires=(package, *more),
        sync=Side(client, ask, stream, tools, through),
        asynchronous=Side(client, async_ask, async_stream, async_tools, through_async),
    )


ENTRIES = (
    _entry("langchain-openai", openai, "httpx2 or httpx", "httpx2 or httpx"),
    _entry("langchain-anthropic", anthropic, "httpx2 or httpx", "httpx2 or httpx"),
    _entry("langchain-google-genai", google, "httpx", "aiohttp", "aiohttp"),
    _entry("langchain-aws", aws, "urllib3", "urllib3"),
)
