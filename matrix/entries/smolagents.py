"""smolagents: its model over OpenAI's SDK, and an agent that calls tools."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.openai import user


def client(url: str) -> Any:
    from smolagents import OpenAIModel

    return OpenAIModel("gpt-5-mini", api_base=f"{url}/v1", api_key="sk-test-0123456789abcdef0123")


def ask(model: Any, text: str) -> Any:
    return model.generate(user(text)).dict()


def stream(model: Any, text: str) -> list[Any]:
    return list(model.generate_stream(user(text)))


def tools(model: Any, text: str) -> Any:
    """One step, which calls the tool, and the answer that the agent asks for when its steps are used up."""
    from smolagents import Tool, ToolCallingAgent

    class Weather(Tool):
        name = "get_weather"
        description = "The weather in a city."
        inputs = {"city": {"type": "string", "description": "Where."}}  # noqa: RUF012 - a Tool wants it so
        output_type = "string"

        def forward(self, city: str) -> str:
            return f"rain in {city}"

    agent = ToolCallingAgent([Weather()], model, max_steps=1, verbosity_level=0)
    run = agent.run(text, return_full_result=True)
    return [run.output, [step.get("tool_calls") for step in run.steps], run.token_usage]


ENTRIES = (
    Sdk(
        name="smolagents",
        module="smolagents openai",
        requires=("smolagents[openai]",),
        sync=Side(client, ask, stream, tools, "httpx2 or httpx"),
    ),
)
