"""OpenAI's SDK: the platform, Azure, compatible servers by `base_url`, and its aiohttp client."""

from __future__ import annotations

from functools import partial
from typing import Any

from matrix.case import Sdk, Side

KEY = "sk-test-0123456789abcdef0123"
MODEL = "gpt-5-mini"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(text: str) -> list[Any]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def answered(messages: list[Any], reply: Any) -> list[Any]:
    """The conversation with the reply's tool calls and their results."""
    said = reply.choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in said.tool_calls]
    return [*messages, said.model_dump(exclude_none=True), *results]


def client(url: str, path: str = "/v1") -> Any:
    import openai

    return openai.OpenAI(api_key=KEY, base_url=url + path)


def async_client(url: str, path: str = "/v1") -> Any:
    import openai

    return openai.AsyncOpenAI(api_key=KEY, base_url=url + path)


def azure(url: str) -> Any:
    import openai

    return openai.AzureOpenAI(api_key=KEY, azure_endpoint=url, api_version="2024-10-21")


def async_azure(url: str) -> Any:
    import openai

    return openai.AsyncAzureOpenAI(api_key=KEY, azure_endpoint=url, api_version="2024-10-21")


def on_aiohttp(url: str) -> Any:
    import openai

    http = openai.DefaultAioHttpClient()
    return openai.AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1", http_client=http)


def ask(sdk: Any, text: str, model: str = MODEL) -> Any:
    return sdk.chat.completions.create(model=model, messages=user(text))


def stream(sdk: Any, text: str, model: str = MODEL) -> list[Any]:
    options = {"include_usage": True}
    return list(
        sdk.chat.completions.create(model=model, messages=user(text), stream=True, stream_options=options)
    )


def tools(sdk: Any, text: str, model: str = MODEL) -> list[Any]:
    messages = user(text)
    first = sdk.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    return [
        first,
        sdk.chat.completions.create(model=model, messages=answered(messages, first), tools=[WEATHER]),
    ]


async def async_ask(sdk: Any, text: str, model: str = MODEL) -> Any:
    return await sdk.chat.completions.create(model=model, messages=user(text))


async def async_stream(sdk: Any, text: str, model: str = MODEL) -> list[Any]:
    events = await sdk.chat.completions.create(model=model, messages=user(text), stream=True)
    return [event async for event in events]


async def async_tools(sdk: Any, text: str, model: str = MODEL) -> list[Any]:
    messages = user(text)
    first = await sdk.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    more = answered(messages, first)
    return [first, await sdk.chat.completions.create(model=model, messages=more, tools=[WEATHER])]


def responses(sdk: Any, text: str) -> Any:
    return sdk.responses.create(model=MODEL, input=text)


def responses_stream(sdk: Any, text: str) -> list[Any]:
    with sdk.responses.stream(model=MODEL, input=text) as events:
        return [*events, events.get_final_response()]


def responses_tools(sdk: Any, text: str) -> list[Any]:
    offered = [{"type": "function", "strict": False, **WEATHER["function"]}]  # type: ignore[dict-item]
    first = sdk.responses.create(model=MODEL, input=text, tools=offered)
    results = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "rain"}
        for item in first.output
        if item.type == "function_call"
    ]
    return [
        first,
        sdk.responses.create(model=MODEL, input=results, tools=offered, previous_response_id=first.id),
    ]


async def async_responses(sdk: Any, text: str) -> Any:
    return await sdk.responses.create(model=MODEL, input=text)


async def async_responses_stream(sdk: Any, text: str) -> list[Any]:
    async with sdk.responses.stream(model=MODEL, input=text) as events:
        return [event async for event in events]


async def async_responses_tools(sdk: Any, text: str) -> list[Any]:
    offered = [{"type": "function", "strict": False, **WEATHER["function"]}]  # type: ignore[dict-item]
    first = await sdk.responses.create(model=MODEL, input=text, tools=offered)
    call = next(item for item in first.output if item.type == "function_call")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    second = sdk.responses.create(model=MODEL, input=[result], tools=offered, previous_response_id=first.id)
    return [first, await second]


HTTP = "httpx2 or httpx"
"""Version 3 took httpx2; what is installed is shown."""


def _compatible(host: str, path: str) -> Sdk:
    """The same SDK at another provider's path. The loopback provider stands for the host."""
    return Sdk(
        name=f"openai at {host}",
        module="openai",
        requires=("openai",),
        sync=Side(partial(client, path=path), ask, stream, tools, HTTP),
        asynchronous=Side(partial(async_client, path=path), async_ask, async_stream, async_tools, HTTP),
    )


ENTRIES = (
    Sdk(
        name="openai",
        module="openai",
        requires=("openai",),
        sync=Side(client, ask, stream, tools, HTTP),
        asynchronous=Side(async_client, async_ask, async_stream, async_tools, HTTP),
    ),
    Sdk(
        name="openai responses",
        module="openai.resources.responses",
        requires=("openai",),
        sync=Side(client, responses, responses_stream, responses_tools, HTTP),
        asynchronous=Side(async_client, async_responses, async_responses_stream, async_responses_tools, HTTP),
    ),
    Sdk(
        name="openai AzureOpenAI",
        module="openai",
        requires=("openai",),
        sync=Side(azure, ask, stream, tools, HTTP),
        asynchronous=Side(async_azure, async_ask, async_stream, async_tools, HTTP),
    ),
    Sdk(
        name="openai on aiohttp",
        module="openai",
        requires=("openai[aiohttp]",),
        sync="aiohttp has no synchronous client",
        asynchronous=Side(on_aiohttp, async_ask, async_stream, async_tools, "aiohttp"),
    ),
    _compatible("OpenRouter", "/api/v1"),
    _compatible("Groq", "/openai/v1"),
    _compatible("Together", "/together/v1"),
    _compatible("DeepSeek", ""),
    _compatible("xAI", "/xai/v1"),
)
