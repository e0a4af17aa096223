"""SDKs with the shape of OpenAI's: groq, together, fireworks, cerebras, huggingface_hub."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from matrix.case import Sdk, Side
from matrix.entries import openai

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "test-0123456789abcdef0123456789"


def stream(sdk: Any, text: str) -> list[Any]:
    """Without `stream_options`, which not all of them take."""
    return list(sdk.chat.completions.create(model=openai.MODEL, messages=openai.user(text), stream=True))


def _client(module: str, name: str, path: str) -> Callable[[str], Any]:
    def made(url: str) -> Any:
        return getattr(import_module(module), name)(api_key=KEY, base_url=url + path)

    return made


def _entry(name: str, module: str, classes: str, path: str, through: tuple[str, str], aside: int = 0) -> Sdk:
    """`classes`: the client; its asynchronous twin is called `Async...`."""
    made, made_async = _client(module, classes, path), _client(module, f"Async{classes}", path)
    return Sdk(
        name=name,
        module=module,
        requires=(name,),
        sync=Side(made, openai.ask, stream, openai.tools, through[0], aside=aside),
        asynchronous=Side(
            made_async, openai.async_ask, openai.async_stream, openai.async_tools, through[1], aside=aside
        ),
    )


async def fireworks_stream(sdk: Any, text: str) -> list[Any]:
    """Its asynchronous streams are made without `await`."""
    made = sdk.chat.completions.create(model=openai.MODEL, messages=openai.user(text), stream=True)
    events = await made if hasattr(made, "__await__") else made
    return [event async for event in events]


def hub(url: str) -> Any:
    from huggingface_hub import InferenceClient

    return InferenceClient(base_url=f"{url}/v1", api_key="hf_0123456789abcdefghijklmnopqrstuv")


def async_hub(url: str) -> Any:
    from huggingface_hub import AsyncInferenceClient

    return AsyncInferenceClient(base_url=f"{url}/v1", api_key="hf_0123456789abcdefghijklmnopqrstuv")


def hub_tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.chat_completion(openai.user(text), model=openai.MODEL, tools=[openai.WEATHER])
    more = _hub_answered(text, first)
    return [first, sdk.chat_completion(more, model=openai.MODEL, tools=[openai.WEATHER])]


async def async_hub_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.chat_completion(openai.user(text), model=openai.MODEL, tools=[openai.WEATHER])
    more = _hub_answered(text, first)
    return [first, await sdk.chat_completion(more, model=openai.MODEL, tools=[openai.WEATHER])]


def _hub_answered(text: str, reply: Any) -> list[Any]:
    """Its own tool calls as it wants them back: mappings, without what is null."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": "{}"}}
        for call in reply.choices[0].message.tool_calls
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in calls]
    return [*openai.user(text), {"role": "assistant", "tool_calls": calls}, *results]


NO_RETRIES = "the SDK does not retry"

ENTRIES = (
    _entry("groq", "groq", "Groq", "", ("httpx", "httpx")),
    _entry("together", "together", "Together", "/v1", ("httpx", "httpx")),
    _entry("fireworks-ai", "fireworks", "Fireworks", "/inference/v1", ("httpx", "aiohttp")),
    _entry("cerebras-cloud-sdk", "cerebras.cloud.sdk", "Cerebras", "", ("httpx", "httpx"), aside=1),
    Sdk(
        name="huggingface_hub",
        module="huggingface_hub",
        requires=("huggingface_hub",),
        sync=Side(hub, openai.ask, stream, hub_tools, "httpx2 or httpx", attempts=NO_RETRIES),
        asynchronous=Side(
            async_hub,
            openai.async_ask,
            openai.async_stream,
            async_hub_tools,
            "httpx2 or httpx",
            attempts=NO_RETRIES,
        ),
    ),
)
