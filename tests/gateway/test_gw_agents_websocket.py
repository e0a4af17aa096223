"""Codex over a WebSocket (`supports_websockets = true`): it warms up, asks, and answers with a tool's result, each
time telling only what is new.
"""

from __future__ import annotations

import json

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from agent_calls import HERE
from running import running, setup, upstream
from websockets.sync.client import connect

from tokentape.testing.provider import Provider

PATHS = {"openai.chat": "/v1", "openai.responses": "/v1", "anthropic.messages": "/v1", "gemini": "/v1beta"}
RECORDED = json.loads((HERE / "codex_websocket.json").read_text(encoding="utf-8"))


def turn(socket, frame, last=None):
    """Send a frame, which goes on from the response `last`; all events that come."""
    if last is not None:
        call = next((item for item in last["output"] if item["type"] == "function_call"), None)
        items = [
            item | {"call_id": call["call_id"]} if item["type"] == "function_call_output" else item
            for item in frame["input"]
        ]
        frame = frame | {"previous_response_id": last["id"], "input": items}
    socket.send(json.dumps(frame))
    events = []
    while not events or events[-1]["type"] not in ("response.completed", "error"):
        events.append(json.loads(socket.recv(20)))
    assert events[-1]["type"] == "response.completed", events[-1]
    return events


@pytest.mark.parametrize("to", PATHS)
def test_codex_warms_up_asks_and_goes_on(to):
    warming, asking, result = RECORDED["frames"]
    assert warming["generate"] is False
    headers = [(name, value) for name, value in RECORDED["headers"] if name != "user-agent"]
    with Provider() as provider, running(setup(upstream(provider.url + PATHS[to], to))) as gateway:
        url = gateway.url.replace("http", "ws") + "/v1/responses"
        with connect(url, additional_headers=headers) as socket:
            warm = turn(socket, warming)
            assert warm[0]["type"] == "response.created"
            assert (warm[-1]["response"]["output"], provider.count) == ([], 0)
            provider.calls_tool("exec_command", {"cmd": "cat notes.txt"})
            called = turn(socket, asking, warm[-1]["response"])[-1]["response"]
            provider.answers("It says hello world.")
            said = turn(socket, result, called)
    text = "".join(event.get("delta", "") for event in said if event["type"] == "response.output_text.delta")
    assert text == "It says hello world."
    assert provider.count == 2
    whole = json.dumps(provider.requests[-1].json)
    begun = warming["input"][0]["content"][0]["text"]
    assert all(part in whole for part in (begun, "What is in notes.txt?", "cat notes.txt", "hello world"))
    assert "generate" not in provider.requests[0].json


def test_a_response_without_an_answer_costs_nothing_over_http_either():
    openai = pytest.importorskip("openai")
    with Provider() as provider, running(setup(upstream(provider.url + "/v1", "openai.chat"))) as gateway:
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as client:
            warm = client.responses.create(
                model="m", instructions="Be brief.", input="Hi", extra_body={"generate": False}
            )
            assert (warm.output, warm.status, provider.count) == ([], "completed", 0)
            said = client.responses.create(model="m", input="Capital?", previous_response_id=warm.id)
            assert said.output_text.startswith("Answer 1")
    assert "Hi" in json.dumps(provider.requests[0].json)
