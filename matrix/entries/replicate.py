"""Replicate's SDK: predictions, and their output as a stream from a second URL.

Its own transport is a class nobody knows, of which only calls of models are taken: `hosts` says that what
goes to the loopback port is that.
"""

from __future__ import annotations

from typing import Any

from matrix.case import Sdk, Side

MODEL = "meta/meta-llama-3-8b-instruct"
NO_TOOLS = "the API has no tools"
NO_RETRIES = "the SDK retries GET only"


def client(url: str) -> Any:
    import replicate

    return replicate.Client(api_token="r8_0123456789abcdefghijklmnopqrstuvwxyz012", base_url=url)


def ask(sdk: Any, text: str) -> Any:
    return sdk.run(MODEL, input={"prompt": text})


def stream(sdk: Any, text: str) -> list[Any]:
    return [(event.event, event.id, event.data) for event in sdk.stream(MODEL, input={"prompt": text})]


async def async_ask(sdk: Any, text: str) -> Any:
    return await sdk.async_run(MODEL, input={"prompt": text})


async def async_stream(sdk: Any, text: str) -> list[Any]:
    events = await sdk.async_stream(MODEL, input={"prompt": text})
    return [(event.event, event.id, event.data) async for event in events]


ENTRIES = (
    Sdk(
        name="replicate",
        module="replicate",
        requires=("replicate",),
        sync=Side(client, ask, stream, NO_TOOLS, "httpx", attempts=NO_RETRIES, stream_calls=2),
        asynchronous=Side(
            client, async_ask, async_stream, NO_TOOLS, "httpx", attempts=NO_RETRIES, stream_calls=2
        ),
        hosts=("127.0.0.1",),
    ),
)
