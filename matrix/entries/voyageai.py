"""Voyage's SDK: embeddings, through requests and through aiohttp."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from matrix.case import Sdk, Side

MODEL = "voyage-3"
NOT_HERE = "the API has embeddings only"


def client(url: str) -> Any:
    return import_module("voyageai").Client(api_key="pa-test-0123456789abcdef", base_url=f"{url}/v1")


def async_client(url: str) -> Any:
    return import_module("voyageai").AsyncClient(api_key="pa-test-0123456789abcdef", base_url=f"{url}/v1")


def ask(sdk: Any, text: str) -> Any:
    reply = sdk.embed([text, "and another"], model=MODEL)
    return [reply.embeddings, reply.total_tokens]


async def async_ask(sdk: Any, text: str) -> Any:
    reply = await sdk.embed([text, "and another"], model=MODEL)
    return [reply.embeddings, reply.total_tokens]


RETRIES = "its back-off of seconds cannot be set; tests/sdks/test_voyage_sync.py has it with time stopped"

ENTRIES = (
    Sdk(
        name="voyageai",
        module="voyageai",
        requires=("voyageai",),
        sync=Side(client, ask, NOT_HERE, NOT_HERE, "requests", attempts=RETRIES),
        asynchronous=Side(async_client, async_ask, NOT_HERE, NOT_HERE, "aiohttp", attempts=RETRIES),
    ),
)
