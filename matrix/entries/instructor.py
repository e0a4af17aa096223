"""Instructor: typed replies over OpenAI's SDK."""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side
from matrix.entries import openai
from matrix.entries.openai import MODEL, user

TOOLS = "its replies are tool calls: the other columns"


def client(url: str) -> Any:
    import instructor

    return instructor.from_openai(openai.client(url))


def async_client(url: str) -> Any:
    import instructor

    return instructor.from_openai(openai.async_client(url))


def city() -> Any:
    from pydantic import BaseModel

    class City(BaseModel):
        name: str
        country: str
        inhabitants: int

    return City


def ask(sdk: Any, text: str) -> Any:
    return sdk.create(model=MODEL, messages=user(text), response_model=city(), max_retries=1)


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.create_partial(model=MODEL, messages=user(text), response_model=city()))


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.create(model=MODEL, messages=user(text), response_model=city(), max_retries=1)


async def async_stream(sdk: Any, text: str) -> list[Any]:
    found = sdk.create_partial(model=MODEL, messages=user(text), response_model=city())
    return [part async for part in found]


ENTRIES = (
    Sdk(
        name="instructor",
        module="instructor",
        requires=("instructor",),
        sync=Side(client, ask, stream, TOOLS, "httpx2 or httpx"),
        asynchronous=Side(async_client, async_ask, async_stream, TOOLS, "httpx2 or httpx"),
    ),
)
