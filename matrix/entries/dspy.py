"""DSPy: programs over LiteLLM, the engine that can be seen; its own writes HTTP to sockets by itself."""

from __future__ import annotations

import os
from typing import Any

from matrix.case import Sdk, Side
from matrix.entries.litellm import ENVIRONMENT


def client(url: str) -> Any:
    """A model whose replies DSPy does not keep: its own cache would answer the replay."""
    os.environ.update(ENVIRONMENT)
    import dspy

    options = {"engine": "litellm", "cache": False, "num_retries": 2}
    return dspy.LM(
        "openai/gpt-4.1-mini", api_base=f"{url}/v1", api_key="sk-test-0123456789abcdef0123", **options
    )


def program(model: Any, signature: str) -> Any:
    import dspy

    asked = dspy.Predict(signature)
    asked.set_lm(model)
    return asked


def as_json() -> Any:
    """Replies are asked for as JSON, which the loopback provider knows how to give, and tools as tools."""
    import dspy

    return dspy.context(adapter=dspy.JSONAdapter(use_native_function_calling=True))


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def weather() -> list[Any]:
    import dspy

    return [dspy.Tool(get_weather)]


def results(called: Any) -> str:
    return "; ".join(get_weather(**call.args) for call in called.calls.tool_calls)


PLAIN = "question -> answer"
CALLS = "question, tools: list[dspy.Tool] -> calls: dspy.ToolCalls"
ANSWERS = "question, observations -> answer"


def ask(model: Any, text: str) -> Any:
    with as_json():
        return program(model, PLAIN)(question=text).toDict()


def tools(model: Any, text: str) -> Any:
    with as_json():
        called = program(model, CALLS)(question=text, tools=weather())
        answered = program(model, ANSWERS)(question=text, observations=results(called))
    return [called.toDict(), answered.toDict()]


async def async_ask(model: Any, text: str) -> Any:
    with as_json():
        return (await program(model, PLAIN).acall(question=text)).toDict()


async def async_stream(model: Any, text: str) -> list[Any]:
    import dspy

    listener = dspy.streaming.StreamListener("answer")
    with as_json():
        streamed = dspy.streamify(program(model, PLAIN), stream_listeners=[listener])
        found = [part async for part in streamed(question=text)]
    return [part.toDict() if isinstance(part, dspy.Prediction) else part for part in found]


async def async_tools(model: Any, text: str) -> Any:
    with as_json():
        called = await program(model, CALLS).acall(question=text, tools=weather())
        answered = await program(model, ANSWERS).acall(question=text, observations=results(called))
    return [called.toDict(), answered.toDict()]


ENTRIES = (
    Sdk(
        name="dspy",
        module="dspy litellm mcp",
        requires=("dspy", "litellm", "mcp>=2"),
        sync=Side(client, ask, "streams in a loop only", tools, "httpx"),
        asynchronous=Side(client, async_ask, async_stream, async_tools, "aiohttp"),
    ),
    Sdk(
        name="dspy with its own engine",
        module="dspy",
        requires=("dspy",),
        not_run='it writes HTTP to sockets by itself; take `dspy.LM(engine="litellm")`, the row above',
    ),
)
