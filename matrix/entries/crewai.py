"""CrewAI: crews of agents over OpenAI's SDK."""

from __future__ import annotations

import os
from typing import Any

from matrix.case import Sdk, Side

QUIET = {
    "CREWAI_DISABLE_TELEMETRY": "true",  # telemetry.crewai.com, from threads
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",  # it asks on the first run whether to send traces, and waits for the answer
    "CREWAI_DISABLE_VERSION_CHECK": "true",  # asks the package index
}


def client(url: str) -> Any:
    os.environ.update(QUIET)
    from crewai import LLM

    key = "sk-test-0123456789abcdef0123"
    return LLM("openai/gpt-4.1-mini", base_url=f"{url}/v1", api_key=key, max_retries=2)


def crew(model: Any, text: str, *tools: Any) -> Any:
    """One agent with one task."""
    from crewai import Agent, Crew, Task

    about = {"role": "Greeter", "goal": "Greet.", "backstory": "You greet people."}
    agent = Agent(llm=model, tools=list(tools), verbose=False, max_retry_limit=0, **about)
    task = Task(description=text, expected_output="A greeting.", agent=agent)
    return Crew(agents=[agent], tasks=[task], verbose=False)


def weather() -> Any:
    from crewai.tools import tool

    @tool("get_weather")
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return f"rain in {city}"

    return get_weather


def data(output: Any) -> Any:
    """What the crew said; its tokens are taken from a sum that all crews of a model share."""
    return [output.raw, [task.raw for task in output.tasks_output]]


def ask(model: Any, text: str) -> Any:
    return data(crew(model, text).kickoff())


def stream(model: Any, text: str) -> list[Any]:
    asked = crew(model, text)
    asked.stream = True
    found = asked.kickoff()
    return [*[chunk.content for chunk in found], data(found.result)]


def tools(model: Any, text: str) -> Any:
    return data(crew(model, text, weather()).kickoff())


async def async_ask(model: Any, text: str) -> Any:
    return data(await crew(model, text).akickoff())


async def async_stream(model: Any, text: str) -> list[Any]:
    asked = crew(model, text)
    asked.stream = True
    found = await asked.akickoff()
    return [*[chunk.content async for chunk in found], data(found.result)]


async def async_tools(model: Any, text: str) -> Any:
    return data(await crew(model, text, weather()).akickoff())


ENTRIES = (
    Sdk(
        name="crewai",
        module="crewai",
        requires=("crewai",),
        sync=Side(client, ask, stream, tools, "httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "httpx"),
    ),
)
