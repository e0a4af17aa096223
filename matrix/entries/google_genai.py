"""Google's Gen AI SDK: synchronous, and asynchronous through both libraries that it can take."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side

MODEL = "gemini-2.5-flash"
KEY = "AIzaSyA0123456789abcdef0123456789abcdef"


class Session:
    """The SDK's client and its asynchronous half, kept together: the client closes itself when collected."""

    def __init__(self, url: str, **options: Any) -> None:
        from google import genai
        from google.genai import types

        retry = types.HttpRetryOptions(attempts=3, initial_delay=0.001, max_delay=0.002)
        http = types.HttpOptions(base_url=url, retry_options=retry, **options)
        self.client = genai.Client(api_key=KEY, http_options=http)
        self.models: Any = self.client.models

    def close(self) -> None:
        self.client.close()


class AsyncSession(Session):
    """The same, closed in the loop."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.models = self.client.aio.models

    async def aclose(self) -> None:
        await self.client.aio.aclose()


class Httpx2Session(AsyncSession):
    """Given an asynchronous httpx2 client, it does not take aiohttp, where that is installed."""

    def __init__(self, url: str) -> None:
        import httpx2

        self._http = httpx2.AsyncClient()
        super().__init__(url, httpx_async_client=self._http)

    async def aclose(self) -> None:
        await self._http.aclose()


def weather() -> Any:
    """The tool, in the SDK's types."""
    from google.genai import types

    city = types.Schema(type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)})
    declared = types.FunctionDeclaration(name="get_weather", description="The weather.", parameters=city)
    no_magic = types.AutomaticFunctionCallingConfig(disable=True)
    return types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declared])], automatic_function_calling=no_magic
    )


def answered(text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's call and its result."""
    from google.genai import types

    result = types.Part.from_function_response(name="get_weather", response={"result": "rain"})
    asked = types.Content(role="user", parts=[types.Part.from_text(text=text)])
    return [asked, reply.candidates[0].content, types.Content(role="user", parts=[result])]


def data(reply: Any) -> Any:
    """The reply, without the HTTP response that newer versions keep beside it."""
    return reply.model_dump(mode="json", exclude={"sdk_http_response"})


def ask(sdk: Any, text: str) -> Any:
    return data(sdk.models.generate_content(model=MODEL, contents=text))


def stream(sdk: Any, text: str) -> list[Any]:
    return [data(event) for event in sdk.models.generate_content_stream(model=MODEL, contents=text)]


def tools(sdk: Any, text: str) -> list[Any]:
    first = sdk.models.generate_content(model=MODEL, contents=text, config=weather())
    more = answered(text, first)
    return [data(first), data(sdk.models.generate_content(model=MODEL, contents=more, config=weather()))]


async def async_ask(sdk: Any, text: str) -> Any:
    return data(await sdk.models.generate_content(model=MODEL, contents=text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    events = await sdk.models.generate_content_stream(model=MODEL, contents=text)
    return [data(event) async for event in events]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    first = await sdk.models.generate_content(model=MODEL, contents=text, config=weather())
    more = answered(text, first)
    return [
        data(first),
        data(await sdk.models.generate_content(model=MODEL, contents=more, config=weather())),
    ]


ENTRIES = (
    Sdk(
        name="google-genai",
        module="google.genai",
        requires=("google-genai", "aiohttp"),
        sync=Side(Session, ask, stream, tools, "httpx2 or httpx"),
        asynchronous=Side(AsyncSession, async_ask, async_stream, async_tools, "aiohttp"),
    ),
    Sdk(
        name="google-genai on httpx2",
        module="google.genai",
        requires=("google-genai>=3", "httpx2"),
        sync="the row above",
        asynchronous=Side(Httpx2Session, async_ask, async_stream, async_tools, "httpx2"),
    ),
)
