"""LlamaIndex's models over OpenAI's and Anthropic's SDKs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matrix.case import Sdk, Side

if TYPE_CHECKING:
    from collections.abc import Callable


def openai(url: str) -> Any:
    from llama_index.llms.openai import OpenAI

    return OpenAI("gpt-4.1-mini", api_base=f"{url}/v1", api_key="sk-test-0123456789abcdef0123", max_retries=2)


def anthropic(url: str) -> Any:
    from llama_index.llms.anthropic import Anthropic

    key = "sk-ant-api03-0123456789abcdef"
    return Anthropic("claude-sonnet-4-5", base_url=url, api_key=key, max_retries=2)


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def weather() -> Any:
    from llama_index.core.tools import FunctionTool

    return FunctionTool.from_defaults(get_weather)


def user(text: str) -> list[Any]:
    from llama_index.core.llms import ChatMessage

    return [ChatMessage(text)]


def data(reply: Any) -> Any:
    return [reply.message.model_dump(mode="json"), reply.delta, reply.raw]


def answered(model: Any, text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    from llama_index.core.llms import ChatMessage

    results = [
        ChatMessage(
            get_weather(**call.tool_kwargs), role="tool", additional_kwargs={"tool_call_id": call.tool_id}
        )
        for call in model.get_tool_calls_from_response(reply)
    ]
    return [*user(text), reply.message, *results]


def ask(model: Any, text: str) -> Any:
    return data(model.chat(user(text)))


def stream(model: Any, text: str) -> list[Any]:
    return [data(part) for part in model.stream_chat(user(text))]


def tools(model: Any, text: str) -> list[Any]:
    first = model.chat_with_tools([weather()], chat_history=user(text))
    more = answered(model, text, first)
    return [data(first), data(model.chat_with_tools([weather()], chat_history=more))]


async def async_ask(model: Any, text: str) -> Any:
    return data(await model.achat(user(text)))


async def async_stream(model: Any, text: str) -> list[Any]:
    return [data(part) async for part in await model.astream_chat(user(text))]


async def async_tools(model: Any, text: str) -> list[Any]:
    first = await model.achat_with_tools([weather()], chat_history=user(text))
    more = answered(model, text, first)
    return [data(first), data(await model.achat_with_tools([weather()], chat_history=more))]


def _entry(provider: str, client: Callable[[str], Any]) -> Sdk:
    return Sdk(
        name=f"llama-index {provider}",
        module=f"llama_index.llms.{provider}",
        requires=(f"llama-index-llms-{provider}",),
        sync=Side(client, ask, stream, tools, "httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "httpx"),
    )


ENTRIES = (_entry("openai", openai), _entry("anthropic", anthropic))
