"""Bedrock's operations, read by botocore's own parsers."""

from __future__ import annotations

import json
import struct
import zlib

import pytest

from tokentape.testing.provider.apis import awsframes

boto3 = pytest.importorskip("boto3", reason="needs boto3")

MODEL = "anthropic.claude-3-5-sonnet-20240620-v1:0"
ASK = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Capital of Norway?"}]}]}
TOOL = {"toolSpec": {"name": "weather", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}}  # fmt: skip
ANTHROPIC = {
    "anthropic_version": "bedrock-2023-05-31", "max_tokens": 50,
    "messages": [{"role": "user", "content": "Capital of Norway?"}],
}  # fmt: skip


@pytest.fixture
def bedrock(provider):
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=provider.url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x",
    )  # fmt: skip
    yield client
    client.close()


def test_converse(bedrock):
    reply = bedrock.converse(**ASK)
    assert reply["output"]["message"]["content"] == [{"text": "Answer 1 to: Capital of Norway?"}]
    assert (reply["stopReason"], reply["usage"]["inputTokens"] > 0) == ("end_turn", True)


def test_converse_stream(bedrock):
    events = list(bedrock.converse_stream(**ASK)["stream"])
    text = "".join(e["contentBlockDelta"]["delta"]["text"] for e in events if "contentBlockDelta" in e)
    assert text == "Answer 1 to: Capital of Norway?"
    assert [next(iter(event)) for event in events][-2:] == ["messageStop", "metadata"]


def test_tools_are_called_and_their_results_are_read(bedrock):
    asked = {**ASK, "toolConfig": {"tools": [TOOL]}}
    (used,) = bedrock.converse(**asked)["output"]["message"]["content"]
    assert used["toolUse"]["input"] == {"city": "Oslo"}
    events = list(bedrock.converse_stream(**asked)["stream"])
    parts = [e["contentBlockDelta"]["delta"]["toolUse"]["input"] for e in events if "contentBlockDelta" in e]
    assert json.loads("".join(parts)) == {"city": "Oslo"}
    result = {"toolResult": {"toolUseId": "t", "content": [{"json": {"sky": "blue"}}]}}
    messages = [*ASK["messages"], {"role": "user", "content": [result]}]
    told = bedrock.converse(**{**asked, "messages": messages})["output"]["message"]["content"][0]["text"]
    assert '{"sky": "blue"}' in told


def test_invoke_model(bedrock):
    body = bedrock.invoke_model(modelId=MODEL, body=json.dumps(ANTHROPIC))["body"].read()
    assert json.loads(body)["content"][0]["text"] == "Answer 1 to: Capital of Norway?"


def test_invoke_model_with_response_stream(bedrock):
    stream = bedrock.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(ANTHROPIC))["body"]
    events = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]


def test_errors_and_exceptions_in_a_stream(bedrock, provider):
    provider.fails(403)
    with pytest.raises(bedrock.exceptions.AccessDeniedException):
        bedrock.converse(**ASK)
    frame = awsframes.exception("throttlingException", "slow down")
    assert struct.unpack(">I", frame[-4:])[0] == zlib.crc32(frame[:-4])
