"""OpenAI's agents framework, over the Responses API."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side


def model(url: str) -> Any:
    import agents
    import openai

    agents.set_tracing_disabled(True)  # traces go to api.openai.com, whatever the base_url
    sdk = openai.AsyncOpenAI(api_key="sk-test-0123456789abcdef0123", base_url=f"{url}/v1")
    return agents.OpenAIResponsesModel(model="gpt-5-mini", openai_client=sdk)


def agent(model: Any, *tools: Any) -> Any:
    from agents import Agent

    return Agent(name="An agent", model=model, tools=list(tools))


def weather() -> Any:
    from agents import function_tool

    @function_tool
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    return get_weather


def data(run: Any) -> Any:
    return [run.final_output, [response.output for response in run.raw_responses]]


def ask(url: str, text: str) -> Any:
    """With a client of its own: `run_sync` in eight threads is eight loops."""
    from agents import Runner

    return data(Runner.run_sync(agent(model(url)), text))


def tools(url: str, text: str) -> Any:
    from agents import Runner

    return data(Runner.run_sync(agent(model(url), weather()), text))


async def async_ask(model: Any, text: str) -> Any:
    from agents import Runner

    return data(await Runner.run(agent(model), text))


async def async_stream(model: Any, text: str) -> list[Any]:
    from agents import Runner

    run = Runner.run_streamed(agent(model), text)
    events = [event.data async for event in run.stream_events() if event.type == "raw_response_event"]
    return [*events, data(run)]


async def async_tools(model: Any, text: str) -> Any:
    from agents import Runner

    return data(await Runner.run(agent(model, weather()), text))


ENTRIES = (
    Sdk(
        name="openai-agents",
        module="agents",
        requires=("openai-agents",),
        sync=Side(str, ask, "streams in a loop only", tools, "httpx2 or httpx"),
        asynchronous=Side(model, async_ask, async_stream, async_tools, "httpx2 or httpx"),
    ),
)
