"""One short program per SDK and way of calling it: each asks `text` of the provider at `url`.

The SDKs' own retries stay as they are by default: that is the point.
"""

from __future__ import annotations

import asyncio
from importlib import import_module

import pytest

KEY = "sk-test-0123456789abcdef0123"
KEPT = []
"""Clients that close themselves when they are dropped, also in the middle of a call."""


def sdk(name):
    """The SDK's module; the test is skipped where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        pytest.skip(f"needs {name}")


def said(text):
    return {"messages": [{"role": "user", "content": text}]}


def openai_chat(url, text, **options):
    client = sdk("openai").OpenAI(api_key=KEY, base_url=f"{url}/v1")
    return client.chat.completions.create(model="gpt-5-mini", **said(text), **options)


def openai_stream(url, text):
    return list(openai_chat(url, text, stream=True))


def openai_responses(url, text):
    return sdk("openai").OpenAI(api_key=KEY, base_url=f"{url}/v1").responses.create(model="m", input=text)


def openai_embeddings(url, text):
    return sdk("openai").OpenAI(api_key=KEY, base_url=f"{url}/v1").embeddings.create(model="m", input=text)


async def openai_async(url, text):
    async with sdk("openai").AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
        return await client.chat.completions.create(model="gpt-5-mini", **said(text))


async def openai_async_stream(url, text):
    async with sdk("openai").AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1") as client:
        stream = await client.chat.completions.create(model="gpt-5-mini", **said(text), stream=True)
        return [event async for event in stream]


def anthropic_messages(url, text):
    client = sdk("anthropic").Anthropic(api_key=KEY, base_url=url)
    return client.messages.create(model="claude-haiku-4-5", max_tokens=99, **said(text))


def anthropic_stream(url, text):
    client = sdk("anthropic").Anthropic(api_key=KEY, base_url=url)
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=99, **said(text)) as stream:
        return list(stream)


async def anthropic_async(url, text):
    async with sdk("anthropic").AsyncAnthropic(api_key=KEY, base_url=url) as client:
        return await client.messages.create(model="claude-haiku-4-5", max_tokens=99, **said(text))


def _genai(url, **http):
    KEPT[:] = [sdk("google.genai").Client(api_key=KEY, http_options={"base_url": url, **http})]
    return KEPT[0]


def genai_generate(url, text):
    return _genai(url).models.generate_content(model="gemini-3-flash", contents=text)


def genai_stream(url, text):
    return list(_genai(url).models.generate_content_stream(model="gemini-3-flash", contents=text))


async def genai_async(url, text):
    """Given an httpx2 client, since its own async side prefers aiohttp where that is installed."""
    async with sdk("httpx2").AsyncClient() as http:
        client = _genai(url, httpx_async_client=http).aio
        return await client.models.generate_content(model="gemini-3-flash", contents=text)


def mistral_chat(url, text):
    client = sdk("mistralai.client").Mistral(api_key=KEY, server_url=url)
    return client.chat.complete(model="mistral-small-latest", **said(text))


def mistral_stream(url, text):
    client = sdk("mistralai.client").Mistral(api_key=KEY, server_url=url)
    return list(client.chat.stream(model="mistral-small-latest", **said(text)))


async def mistral_async(url, text):
    async with sdk("mistralai.client").Mistral(api_key=KEY, server_url=url) as client:
        return await client.chat.complete_async(model="mistral-small-latest", **said(text))


def langchain_model(url, **options):
    chat = sdk("langchain_openai").ChatOpenAI
    return chat(**{"model": "gpt-5-mini", "api_key": KEY, "base_url": f"{url}/v1", **options})


def langchain_openai(url, text):
    return langchain_model(url).invoke(text)


def langchain_stream(url, text):
    return list(langchain_model(url).stream(text))


async def langchain_async(url, text):
    """Its own asynchronous client is kept for the next loop and never closed, so it is given one."""
    async with sdk("openai").DefaultAsyncHttpxClient() as http:
        return await langchain_model(url, http_async_client=http).ainvoke(text)


def langchain_anthropic(url, text):
    model = sdk("langchain_anthropic").ChatAnthropic(
        model_name="claude-haiku-4-5", api_key=KEY, base_url=url, timeout=None, stop=None
    )
    return model.invoke(text)


SYNC = (
    openai_chat, openai_stream, openai_responses, openai_embeddings, anthropic_messages, anthropic_stream,
    genai_generate, genai_stream, mistral_chat, mistral_stream,
)  # fmt: skip
ASYNC = (openai_async, openai_async_stream, anthropic_async, genai_async, mistral_async)
LANGCHAIN = (langchain_openai, langchain_stream, langchain_async, langchain_anthropic)


def swallowed(program):
    """The program, swallowing every `Exception`; its value is then the exception."""
    if asyncio.iscoroutinefunction(program):

        async def quiet_async(url, text):
            try:
                return await program(url, text)
            except Exception as error:
                return error

        return quiet_async

    def quiet(url, text):
        try:
            return program(url, text)
        except Exception as error:
            return error

    return quiet
