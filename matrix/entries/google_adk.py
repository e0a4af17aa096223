"""Google's Agent Development Kit, over google-genai."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side


def client(url: str) -> Any:
    """The model. Retries are google-genai's."""
    from google import genai
    from google.adk.models import Gemini
    from google.genai import types

    retry = types.HttpRetryOptions(attempts=3, initial_delay=0.001, max_delay=0.002)
    http = types.HttpOptions(base_url=url, retry_options=retry)
    sdk = genai.Client(api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options=http)
    return Gemini(model="gemini-2.5-flash", client=sdk)


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


def runner(model: Any, tools: tuple[Any, ...] = ()) -> Any:
    from google.adk.agents import LlmAgent
    from google.adk.runners import InMemoryRunner

    return InMemoryRunner(LlmAgent(name="greeter", model=model, tools=list(tools)), app_name="greeting")


def content(text: str) -> Any:
    from google.genai import types

    return types.Content(role="user", parts=[types.Part(text=text)])


def data(event: Any) -> Any:
    """What came over the wire of an event; the ids and times are the run's, as are the ids of calls."""
    calls = [[call.name, call.args] for call in event.get_function_calls()]
    answers = [[answer.name, answer.response] for answer in event.get_function_responses()]
    texts = [part.text for part in event.content.parts if part.text] if event.content else []
    return [texts, calls, answers, event.partial, event.usage_metadata, event.error_code, event.error_message]


async def run(model: Any, text: str, tools: tuple[Any, ...] = (), streaming: bool = False) -> list[Any]:
    """All events of a run in a session of its own."""
    from google.adk.agents.run_config import RunConfig, StreamingMode

    asked = runner(model, tools)
    session = await asked.session_service.create_session(app_name="greeting", user_id="a user")
    config = RunConfig(streaming_mode=StreamingMode.SSE if streaming else StreamingMode.NONE)
    events = asked.run_async(
        user_id="a user", session_id=session.id, new_message=content(text), run_config=config
    )
    return [data(event) async for event in events]


async def ask(model: Any, text: str) -> Any:
    return await run(model, text)


async def stream(model: Any, text: str) -> list[Any]:
    return await run(model, text, streaming=True)


async def tools(model: Any, text: str) -> Any:
    return await run(model, text, (get_weather,))


def sync_ask(url: str, text: str) -> Any:
    return threaded(client(url), text)


def sync_tools(url: str, text: str) -> Any:
    return threaded(client(url), text, (get_weather,))


def threaded(model: Any, text: str, tools: tuple[Any, ...] = ()) -> list[Any]:
    """`Runner.run`, which runs a loop in a thread of its own."""
    asked = runner(model, tools)
    session = asked.session_service.create_session_sync(app_name="greeting", user_id="a user")
    events = asked.run(user_id="a user", session_id=session.id, new_message=content(text))
    return [data(event) for event in events]


ENTRIES = (
    Sdk(
        name="google-adk",
        module="google.adk",
        requires=("google-adk",),
        sync=Side(str, sync_ask, "streams in a loop only", sync_tools, "aiohttp or httpx"),
        asynchronous=Side(client, ask, stream, tools, "aiohttp or httpx"),
    ),
)
