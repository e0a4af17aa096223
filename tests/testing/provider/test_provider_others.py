"""Cohere, Ollama, Replicate and Vertex, in the bytes that a client meets; their SDKs read them in tests/matrix."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

MESSAGES = [{"role": "user", "content": "Capital of Norway?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
SAID = "Answer 1 to: Capital of Norway?"


@pytest.fixture
def post(provider):
    def send(path, body):
        request = urllib.request.Request(provider.url + path, json.dumps(body).encode())
        with urllib.request.urlopen(request) as reply:
            return reply.headers["content-type"], reply.read().decode()

    return send


def events(text):
    """Data of each server-sent event."""
    return [json.loads(block.partition("data: ")[2]) for block in text.strip().split("\n\n")]


def test_cohere_chat(post):
    reply = json.loads(post("/v2/chat", {"model": "command", "messages": MESSAGES})[1])
    assert reply["message"]["content"] == [{"type": "text", "text": SAID}]
    assert reply["finish_reason"] == "COMPLETE"
    assert reply["usage"]["billed_units"]["input_tokens"] > 0


def test_cohere_stream_says_what_the_whole_reply_says(post):
    kind, text = post("/v2/chat", {"model": "command", "messages": MESSAGES, "stream": True})
    found = events(text)
    assert kind == "text/event-stream"
    assert [event["type"] for event in found[:2]] == ["message-start", "content-start"]
    said = [
        event["delta"]["message"]["content"]["text"] for event in found if event["type"] == "content-delta"
    ]
    assert "".join(said) == SAID
    assert found[-1]["type"] == "message-end"


def test_cohere_streams_a_call_in_parts(post):
    body = {"model": "command", "messages": MESSAGES, "tools": [TOOL], "stream": True}
    found = events(post("/v2/chat", body)[1])
    parts = [
        event["delta"]["message"]["tool_calls"]["function"]["arguments"]
        for event in found
        if event["type"] == "tool-call-delta"
    ]
    assert json.loads("".join(parts)) == {"city": "Oslo"}
    assert found[-1]["delta"]["finish_reason"] == "TOOL_CALL"


def test_ollama_streams_unless_told_not_to(post):
    kind, text = post("/api/chat", {"model": "llama3.2", "messages": MESSAGES})
    lines = [json.loads(line) for line in text.splitlines()]
    assert kind == "application/x-ndjson"
    assert "".join(line["message"]["content"] for line in lines) == SAID
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    whole = json.loads(post("/api/chat", {"model": "llama3.2", "messages": MESSAGES, "stream": False})[1])
    assert (whole["message"]["content"], whole["done_reason"]) == (SAID, "stop")


def test_ollama_calls_with_arguments_as_an_object(post):
    body = {"model": "llama3.2", "messages": MESSAGES, "tools": [TOOL], "stream": False}
    (call,) = json.loads(post("/api/chat", body)[1])["message"]["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": {"city": "Oslo"}}


def test_ollama_thinks_and_answers_in_a_format(post):
    body = {"model": "llama3.2", "messages": MESSAGES, "think": True, "format": "json"}
    lines = [json.loads(line) for line in post("/api/chat", body)[1].splitlines()]
    assert "".join(line["message"].get("thinking", "") for line in lines)
    assert json.loads("".join(line["message"]["content"] for line in lines)) == {}


def test_replicate_is_done_at_once_or_streams_from_a_url_of_its_own(post):
    path, asked = "/v1/models/meta/llama/predictions", {"input": {"prompt": "Capital of Norway?"}}
    done = json.loads(post(path, asked)[1])
    assert ("".join(done["output"]), done["status"], done["model"]) == (SAID, "succeeded", "meta/llama")
    started = json.loads(post(path, {**asked, "stream": True})[1])
    with urllib.request.urlopen(started["urls"]["stream"]) as reply:
        text = reply.read().decode()
    assert (started["status"], started["output"]) == ("starting", None)
    assert text.startswith("event: output\nid: ")
    assert text.endswith("data: {}\n\n")


def test_vertex_has_model_and_streaming_in_its_path(post):
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5"
    reply = json.loads(post(f"{path}:rawPredict", {"messages": MESSAGES, "max_tokens": 9})[1])
    assert (reply["model"], reply["content"][0]["text"]) == ("claude-sonnet-4-5", SAID)
    text = post(f"{path}:streamRawPredict", {"messages": MESSAGES, "max_tokens": 9})[1]
    assert text.rstrip().splitlines()[-2] == "event: message_stop"


@pytest.mark.parametrize(
    ("path", "where"),
    [("/v2/chat", "message"), ("/api/chat", "error"), ("/v1/predictions", "detail")],
)
def test_errors_in_their_own_shapes(provider, post, path, where):
    provider.fails(422, message="No.")
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(path, {"messages": MESSAGES, "input": {}})
    assert (caught.value.code, json.loads(caught.value.read())[where]) == (422, "No.")
    caught.value.close()


@pytest.mark.parametrize(("path", "mark"), [("/v2/chat", "ERROR"), ("/api/chat", '{"error":')])
def test_errors_in_the_middle_of_a_stream(provider, post, path, mark):
    provider.fails_midway(after=1)
    assert mark in post(path, {"messages": MESSAGES, "stream": True})[1]


def test_an_error_in_a_prediction_stream(provider):
    provider.fails_midway(after=1)
    with urllib.request.urlopen(provider.url + "/streams/predictions/p") as reply:
        assert "event: error" in reply.read().decode()
