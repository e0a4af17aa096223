"""AWS: boto3 and aiobotocore, Converse and InvokeModel."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from matrix.case import Sdk, Side

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
KEYS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
}
TOOL = {
    "toolSpec": {
        "name": "get_weather",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
}


def config() -> Any:
    """Three attempts, and room for all calls at once."""
    from botocore.config import Config

    return Config(retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=10)


def client(url: str) -> Any:
    import boto3

    return boto3.client("bedrock-runtime", endpoint_url=url, config=config(), **KEYS)


class AsyncClient:
    """aiobotocore makes its client on entering, so it is entered with the first call."""

    def __init__(self, url: str, **options: Any) -> None:
        from aiobotocore.config import AioConfig
        from aiobotocore.session import get_session

        told = AioConfig(
            retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=10, **options
        )
        self._made = get_session().create_client("bedrock-runtime", endpoint_url=url, config=told, **KEYS)
        self._client: Any = None

    async def __aexit__(self, *error: object) -> None:
        if self._client is not None:
            await self._made.__aexit__(None, None, None)

    async def entered(self) -> Any:
        """The client itself."""
        if self._client is None:
            self._client = asyncio.ensure_future(self._made.__aenter__())
        return await self._client


def user(text: str) -> list[Any]:
    """A conversation of one message."""
    return [{"role": "user", "content": [{"text": text}]}]


def answered(text: str, reply: Any) -> list[Any]:
    """The conversation with the reply's tool uses and their results."""
    said = reply["output"]["message"]
    results = [
        {"toolResult": {"toolUseId": part["toolUse"]["toolUseId"], "content": [{"text": "rain"}]}}
        for part in said["content"]
        if "toolUse" in part
    ]
    return [*user(text), said, {"role": "user", "content": results}]


def ask(sdk: Any, text: str) -> Any:
    return sdk.converse(modelId=MODEL, messages=user(text))


def stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.converse_stream(modelId=MODEL, messages=user(text))["stream"])


def tools(sdk: Any, text: str) -> list[Any]:
    offered = {"tools": [TOOL]}
    first = sdk.converse(modelId=MODEL, messages=user(text), toolConfig=offered)
    return [first, sdk.converse(modelId=MODEL, messages=answered(text, first), toolConfig=offered)]


def invoked(text: str) -> str:
    """The body of InvokeModel: Anthropic's."""
    asked = {"max_tokens": 50, "messages": [{"role": "user", "content": text}]}
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", **asked})


def invoke(sdk: Any, text: str) -> Any:
    return json.loads(sdk.invoke_model(modelId=MODEL, body=invoked(text))["body"].read())


def invoke_stream(sdk: Any, text: str) -> list[Any]:
    return list(sdk.invoke_model_with_response_stream(modelId=MODEL, body=invoked(text))["body"])


async def async_ask(sdk: Any, text: str) -> Any:
    return await (await sdk.entered()).converse(modelId=MODEL, messages=user(text))


async def async_stream(sdk: Any, text: str) -> list[Any]:
    reply = await (await sdk.entered()).converse_stream(modelId=MODEL, messages=user(text))
    return [event async for event in reply["stream"]]


async def async_tools(sdk: Any, text: str) -> list[Any]:
    made, offered = await sdk.entered(), {"tools": [TOOL]}
    first = await made.converse(modelId=MODEL, messages=user(text), toolConfig=offered)
    more = answered(text, first)
    return [first, await made.converse(modelId=MODEL, messages=more, toolConfig=offered)]


def on_httpx(url: str) -> Any:
    from aiobotocore.httpxsession import HttpxSession

    return AsyncClient(url, http_session_cls=HttpxSession)


NO_EVENTS = (
    "its session on httpx2 cannot read event streams (3.10 raises ResponseNotRead, also without a tape)"
)
CONVERSE = "the same as with Converse"

ENTRIES = (
    Sdk(
        name="boto3 bedrock-runtime",
        module="boto3",
        requires=("boto3",),
        sync=Side(client, ask, stream, tools, "urllib3"),
    ),
    Sdk(
        name="boto3 bedrock-runtime InvokeModel",
        module="boto3",
        requires=("boto3",),
        sync=Side(client, invoke, invoke_stream, CONVERSE, "urllib3"),
    ),
    Sdk(
        name="aiobotocore",
        module="aiobotocore",
        requires=("aiobotocore",),
        asynchronous=Side(AsyncClient, async_ask, async_stream, async_tools, "aiohttp"),
    ),
    Sdk(
        name="aiobotocore on httpx2",
        module="aiobotocore.httpxsession httpx2",
        requires=("aiobotocore[httpx2]",),
        asynchronous=Side(on_httpx, async_ask, NO_EVENTS, async_tools, "httpx2"),
    ),
)
