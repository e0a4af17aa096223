"""aiobotocore's bedrock-runtime client: botocore over aiohttp, with AWS event streams."""

from __future__ import annotations

import pytest

session = pytest.importorskip("aiobotocore.session", reason="needs aiobotocore")
from botocore.exceptions import ClientError  # noqa: E402

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ASK = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Capital of Norway?"}]}]}


def client(url):
    return session.get_session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE",
    )


def test_converse_and_stream(tape):
    async def scenario(url):
        async with client(url) as sdk:
            whole = await sdk.converse(**ASK)
            stream = await sdk.converse_stream(**ASK)
            return [whole["output"], [event async for event in stream["stream"]]]

    whole, events = tape.twice(scenario)
    assert whole["message"]["content"][0]["text"] == "Answer 1 to: Capital of Norway?"
    assert [next(iter(event)) for event in events][-1] == "metadata"
    assert "AKIA" not in tape.path.read_text()


def test_R17_errors_are_the_same_exceptions(tape):
    tape.provider.fails(400, times=None)

    async def scenario(url):
        async with client(url) as sdk:
            with pytest.raises(ClientError) as caught:
                await sdk.converse(**ASK)
            return [type(caught.value).__name__, str(caught.value)]

    tape.twice(scenario)
