"""Open Responses in front of each kind of upstream.

The names are those of the public compliance suite (17, seven of them over a WebSocket), and each test demands
what the suite demands there, or more; the code is ours. `docs/reference/open-responses.md` tells what the
suite itself said.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from gw_compliance import ApiClient, checked, checked_response, checked_stream, types
from running import running, setup, upstream

from tokentape.testing.provider import Provider

UPSTREAMS = {
    "chat": ("openai.chat", "/v1"),
    "anthropic": ("anthropic.messages", ""),
    "gemini": ("gemini", ""),
    "responses": ("openai.responses", "/v1"),
}
RED = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather at a place",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}


def said(role, text, **more):
    return {"type": "message", "role": role, "content": text, **more}


@pytest.fixture(scope="module", params=UPSTREAMS)
def ends(request):
    """The gateway's client, and the provider behind it."""
    dialect, path = UPSTREAMS[request.param]
    with Provider(gap=0) as provider:
        made = setup(upstream(provider.url + path, dialect))
        with running(made) as gateway:
            client = ApiClient(gateway.url, "some-model")
            yield client, provider
            client.close()


@pytest.fixture
def client(ends):
    return ends[0]


@pytest.fixture
def provider(ends):
    ends[1].forget()
    return ends[1]


def test_the_page_tells_of_each_of_these_tests():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "open-responses.md").read_text(
        encoding="utf-8"
    )
    told = re.findall(r"^\| `([a-z-]+)` \| (?:yes|\*\*no\*\*|not run) \|", page, re.MULTILINE)
    assert len(told) == 17
    assert all(f"test_{name.replace('-', '_')}" in globals() for name in told)


def test_basic_response(client):
    client.create([said("user", "Greet me in three words.")])


def test_assistant_phase(client):
    turns = [
        said("assistant", "I look up the number.", phase="commentary"),
        said("assistant", "It is four.", phase="final_answer"),
        said("user", "Say the number again."),
    ]
    client.create(turns)


def test_response_output_phase_schema(client):
    """The suite checks its schema here, and asks nobody; ours must not lose a phase that is there."""
    whole = client.create("Hello.")
    (message,) = whole["output"]
    phased = [{**message, "phase": phase} for phase in ("commentary", "final_answer")]
    checked_response({**whole, "output": phased})


def test_streaming_response(client):
    checked_stream(client.stream([said("user", "Count to five.")]))


def test_websocket_response(client):
    with client.socket() as socket:
        socket.create([said("user", "Count to three.")])


def test_websocket_sequential_responses(client):
    with client.socket() as socket:
        made = [socket.create(f"Say {word}.", store=False)["id"] for word in ("first", "second", "third")]
    assert len(set(made)) == 3


def test_websocket_continuation(client, provider):
    with client.socket() as socket:
        first = socket.create("The word is cobalt.", store=False)
        socket.create("Which word?", store=False, previous_response_id=first["id"])
    assert b"cobalt" in provider.requests[-1].body


def test_websocket_reconnect_store_false_recovery(client):
    with client.socket() as socket:
        first = socket.create("The word is copper.", store=False)
    with client.socket() as socket:
        error = socket.refused("Which word?", store=False, previous_response_id=first["id"])
        assert error["code"] == "previous_response_not_found"
        socket.create([said("user", "Begin anew.")], store=False)


def test_websocket_previous_response_not_found(client, provider):
    with client.socket() as socket:
        error = socket.refused("Hello?", store=False, previous_response_id="resp_missing")
    assert error["code"] == "previous_response_not_found"
    assert provider.count == 0


def test_websocket_failed_continuation_evicts_cache(client):
    with client.socket() as socket:
        first = socket.create("The word is ember.", store=False)["id"]
        result = {"type": "function_call_output", "call_id": "call_missing", "output": "nothing"}
        socket.refused([result], store=False, previous_response_id=first)
        error = socket.refused("Which word?", store=False, previous_response_id=first)
    assert error["code"] == "previous_response_not_found"


def test_websocket_compact_new_chain(client, provider):
    provider.answers("The word is slate.")
    status, compacted = client.post(
        "/v1/responses/compact",
        model=client.model,
        input=[said("user", "Remember: slate."), said("assistant", "Yes."), said("user", "Make it short.")],
    )
    assert status == 200
    with client.socket() as socket:
        socket.create([*compacted["output"], said("user", "Go on.")], store=False, tools=[])
    assert b"The word is slate." in provider.requests[-1].body


def test_system_prompt(client, provider):
    client.create([said("system", "You are a pirate."), said("user", "Greet me.")])
    assert b"pirate" in provider.requests[-1].body


def test_tool_calling(client):
    whole = client.create([said("user", "The weather in Paris?")], tools=[WEATHER])
    calls = [item for item in whole["output"] if item["type"] == "function_call"]
    assert calls[0]["name"] == "get_weather"
    assert whole["tools"][0]["name"] == "get_weather"


def test_image_input(client, provider):
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{RED}"},
    ]
    client.create([said("user", parts)])
    assert RED.encode() in provider.requests[-1].body


def test_multi_turn(client, provider):
    turns = [said("user", "I am Alice."), said("assistant", "Hello Alice."), said("user", "Who am I?")]
    client.create(turns)
    assert b"Hello Alice." in provider.requests[-1].body


def test_compact_response(client):
    status, found = client.post(
        "/v1/responses/compact",
        model=client.model,
        prompt_cache_key="a-test",
        input=[said("user", "We launch on Tuesday."), said("assistant", "Support hears of it first.")],
    )
    assert status == 200
    checked(types.CompactResource, found)
    assert [item["type"] for item in found["output"]] == ["message", "compaction"]


def test_compact_missing_model(client):
    status, found = client.post("/v1/responses/compact", input=[said("user", "Make it short.")])
    assert status == 400
    assert found["error"]["param"] == "model"


# ---- beyond the suite: the same demands of what it does not ask


def test_tools_and_their_results_over_previous_response_id(client, provider):
    first = client.create("The weather in Paris?", tools=[WEATHER])
    (call,) = [item for item in first["output"] if item["type"] == "function_call"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "21 degrees"}
    second = client.create([result], previous_response_id=first["id"], tools=[WEATHER])
    assert second["previous_response_id"] == first["id"]
    body = provider.requests[-1].body
    for kept in (b"The weather in Paris?", b"get_weather", b"21 degrees"):
        assert kept in body


def test_a_streamed_call_is_answered_at_once(client, provider):
    """No waiting until a log is written, no id that only half of the events have, no user turn lost."""
    turns = [said("user", "Be brief."), said("assistant", "Yes."), said("user", "The weather in Paris?")]
    first = checked_stream(client.stream(turns, tools=[WEATHER]))
    (call,) = [item for item in first["output"] if item["type"] == "function_call"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "21 degrees"}
    client.create([result], previous_response_id=first["id"], tools=[WEATHER])
    body = provider.requests[-1].body
    for kept in (b"Be brief.", b"The weather in Paris?", b"get_weather", b"21 degrees"):
        assert kept in body


def test_ids_of_items_are_not_fixed(client):
    """Two replies never share an id of a message, nor events of a stream with another stream."""
    items = [client.create("Hello.")["output"][0]["id"] for _ in range(2)]
    items.append(checked_stream(client.stream("Hello."))["output"][0]["id"])
    assert len(set(items)) == 3


def test_thinking_is_kept_over_previous_response_id(client, provider):
    include = ["reasoning.encrypted_content"]
    asked = {"reasoning": {"effort": "high", "summary": "auto"}, "include": include}
    first = client.create("Think.", **asked)
    client.create("And now?", previous_response_id=first["id"], **asked)
    assert b"Think." in provider.requests[-1].body


def test_a_stream_in_the_background(client):
    events = client.stream("Take your time.", background=True)
    whole = checked_stream(events)
    assert whole["background"] is True
    assert [event["type"] for event in events][:2] == ["response.created", "response.queued"]


def test_stored_responses_are_whole_by_the_schema(client):
    made = client.create("Keep this.")
    reply = client._http.get(f"/v1/responses/{made['id']}")
    assert checked_response(reply.json()) == made
