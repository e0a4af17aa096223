"""Strands agents, over boto3 (which it runs in threads) and over OpenAI's SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matrix.case import Sdk, Side

if TYPE_CHECKING:
    from collections.abc import Callable


def bedrock(url: str) -> Any:
    import boto3
    from botocore.config import Config
    from strands.models import BedrockModel

    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE", None, "us-east-1")
    return BedrockModel(
        model_id="anthropic.claude-3-haiku-20240307-v1:0",
        boto_session=session,
        endpoint_url=url,
        boto_client_config=Config(retries={"total_max_attempts": 3, "mode": "standard"}),
    )


def openai(url: str) -> Any:
    from strands.models.openai import OpenAIModel

    options = {"api_key": "sk-test-0123456789abcdef0123", "base_url": f"{url}/v1"}
    return OpenAIModel(client_args=options, model_id="gpt-5-mini")


def agent(model: Any) -> Any:
    """A new agent for each call: they are conversations. Strands' own retries are off: they wait seconds."""
    from strands import Agent

    return Agent(model=model, callback_handler=None, retry_strategy=None)


def weather() -> Any:
    from strands import tool

    @tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    return get_weather


def data(asked: Any, result: Any) -> Any:
    """The conversation, without what Strands numbers its messages with, and the tokens."""
    said = [[message["role"], message["content"]] for message in asked.messages]
    return [said, str(result), result.metrics.accumulated_usage]


def ask(model: Any, text: str) -> Any:
    asked = agent(model)
    return data(asked, asked(text))


def tools(model: Any, text: str) -> Any:
    asked = agent(model)
    asked.tool_registry.process_tools([weather()])
    return data(asked, asked(text))


async def async_ask(model: Any, text: str) -> Any:
    asked = agent(model)
    return data(asked, await asked.invoke_async(text))


async def async_stream(model: Any, text: str) -> list[Any]:
    return [event["event"] async for event in agent(model).stream_async(text) if "event" in event]


async def async_tools(model: Any, text: str) -> Any:
    asked = agent(model)
    asked.tool_registry.process_tools([weather()])
    return data(asked, await asked.invoke_async(text))


def _entry(name: str, client: Callable[[str], Any], module: str, through: str, *more: str) -> Sdk:
    return Sdk(
        name=name,
        module=module,
        requires=("strands-agents>=1", *more),
        sync=Side(client, ask, "streams in a loop only", tools, through),
        asynchronous=Side(client, async_ask, async_stream, async_tools, through),
    )


ENTRIES = (
    _entry("strands", bedrock, "strands", "urllib3"),
    _entry("strands openai", openai, "strands openai", "httpx2 or httpx", "openai>=3"),
)
