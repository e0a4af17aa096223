"""pydantic-ai: agents over OpenAI's and Anthropic's SDKs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from matrix.case import Sdk, Side

if TYPE_CHECKING:
    from collections.abc import Callable


class Model:
    """A model with a client of its own, made when asked: `run_sync` in eight threads is eight loops."""

    def __init__(self, make: Callable[[str], Any], url: str) -> None:
        self._make, self._url = make, url

    def __call__(self) -> Any:
        return self._make(self._url)


def openai(url: str) -> Any:
    import openai
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-test-0123456789abcdef0123")
    return OpenAIChatModel("gpt-5-mini", provider=OpenAIProvider(openai_client=sdk))


def anthropic(url: str) -> Any:
    import anthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    sdk = anthropic.AsyncAnthropic(base_url=url, api_key="sk-ant-api03-0123456789abcdef")
    return AnthropicModel("claude-sonnet-4-5", provider=AnthropicProvider(anthropic_client=sdk))


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def data(run: Any) -> Any:
    """What the model said in all turns, and what it cost; not the ids and times of the run."""
    said = [message for message in run.all_messages() if message.kind == "response"]
    parts = [part for message in said for part in message.parts]
    return {
        "parts": [(part.part_kind, getattr(part, "args", None) or part.content) for part in parts],
        "ids": [message.provider_response_id for message in said],
        "usage": run.usage() if callable(run.usage) else run.usage,
    }


def ask(model: Model, text: str) -> Any:
    from pydantic_ai import Agent

    return data(Agent(model()).run_sync(text))


def stream(model: Model, text: str) -> list[Any]:
    from pydantic_ai import Agent

    run = Agent(model()).run_stream_sync(text)
    return [*run.stream_text(delta=True, debounce_by=None), data(run)]


def tools(model: Model, text: str) -> Any:
    from pydantic_ai import Agent

    return data(Agent(model(), tools=[get_weather]).run_sync(text))


async def async_ask(model: Any, text: str) -> Any:
    from pydantic_ai import Agent

    return data(await Agent(model).run(text))


async def async_stream(model: Any, text: str) -> list[Any]:
    from pydantic_ai import Agent

    async with Agent(model).run_stream(text) as run:
        return [*[piece async for piece in run.stream_text(delta=True, debounce_by=None)], data(run)]


async def async_tools(model: Any, text: str) -> Any:
    from pydantic_ai import Agent

    return data(await Agent(model, tools=[get_weather]).run(text))


def _entry(name: str, extra: str, client: Callable[[str], Any]) -> Sdk:
    return Sdk(
        name=name,
        module=f"pydantic_ai {extra}",
        requires=(f"pydantic-ai-slim[{extra}]",),
        sync=Side(partial(Model, client), ask, stream, tools, "httpx2 or httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "httpx2 or httpx"),
    )


ENTRIES = (_entry("pydantic-ai", "openai", openai), _entry("pydantic-ai anthropic", "anthropic", anthropic))
