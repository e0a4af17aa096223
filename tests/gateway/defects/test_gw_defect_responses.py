"""systems.md, the gateway's "Responses service" and its live bug: over real sockets, before a Chat upstream."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import httpx
import pytest
from defect_kit import DIALECTS, asks, chunk, events, post, sse, stream_of
from running import running, setup, upstream

from tokentape.gateway import responses
from tokentape.testing.provider import Call, Turn
from tokentape.testing.provider.faults import stall

PACKAGE = Path(responses.__file__).parent


@pytest.mark.parametrize("speaks", DIALECTS)
def test_a_whole_response_is_a_response(before, speaks):
    """The live bug: `{"id":"chatcmpl-1","object":"chat.completion"}` without a created_at was returned."""
    body = post(before(speaks), "openai.responses").json()
    assert body["object"] == "response"
    assert body["id"].startswith("resp_")
    assert isinstance(body["created_at"], int)
    assert body["status"] == "completed"
    assert [item["type"] for item in body["output"]] == ["message"]


@pytest.mark.parametrize("speaks", ["openai.chat", "anthropic.messages", "gemini"])
def test_parent_input_lost(before, provider, speaks):
    """The second turn holds what the first asked, and so does the third, with calls and results."""
    tool = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}
    gateway = before(speaks)
    provider.answers(Turn(calls=(Call("look", {"at": "sea"}),)))
    first = post(gateway, "openai.responses", {"model": "m", "input": "Weather?", "tools": [tool]}).json()
    call = next(item for item in first["output"] if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "calm"}
    second = post(
        gateway,
        "openai.responses",
        {"model": "m", "input": [result], "previous_response_id": first["id"], "tools": [tool]},
    ).json()
    third = post(
        gateway,
        "openai.responses",
        {"model": "m", "input": "And now?", "previous_response_id": second["id"], "tools": [tool]},
    )
    assert third.status_code == 200
    sent = provider.requests[-1].body.decode()
    places = [sent.index(text) for text in ("Weather?", "sea", "calm", "And now?")]
    assert places == sorted(places)


@pytest.mark.parametrize("path", ["resp_none", "resp_none/input_items"])
def test_errors_wrapped_in_detail(before, path):
    body = httpx.get(f"{before().url}/v1/responses/{path}").json()
    assert set(body) == {"error"}
    assert body["error"]["message"]


def test_fixed_msg_0(before):
    """Two responses have no item's id in common."""
    gateway = before()
    ids = [item["id"] for _ in range(3) for item in post(gateway, "openai.responses").json()["output"]]
    ids += [event["item"]["id"] for event in events(post(gateway, "openai.responses", stream=True))
            if event["type"] == "response.output_item.added"]  # fmt: skip
    assert len(set(ids)) == 4


def test_private_save_to_disk():
    """The service called a private method of its store; here no part reaches into another's private ones."""
    found = []
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_private = (
                isinstance(node, ast.Attribute) and node.attr.startswith("_") and node.attr[1:2] != "_"
            )
            if is_private and not (
                isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "made")
            ):
                found.append(f"{file.name}:{node.lineno} {ast.unparse(node)}")
    assert found == []


async def tasks():
    return sorted(task.get_coro().__qualname__ for task in asyncio.all_tasks() if not task.done())


def test_is_disconnected_task_leak(provider):
    """No task is left behind by calls that ended, failed, or were left by their client."""
    made = setup(upstream(provider.url), heartbeat=0.01)
    with running(made) as gateway:
        post(gateway, "openai.responses")
        before, url = gateway.call(tasks()), f"{gateway.url}/v1/responses"
        for nth in range(12):
            if nth % 4 == 3:
                provider.changes(stall(None, after=3))
                with httpx.stream("POST", url, json=asks("openai.responses", stream=True)) as left:
                    next(left.iter_bytes())
                continue
            if nth % 4 == 2:
                provider.fails(500)
            post(gateway, "openai.responses", stream=nth % 2 == 0)
        for _ in range(500):
            if len(gateway.call(tasks())) <= len(before):
                break
            gateway.call(asyncio.sleep(0.01))
        assert len(gateway.call(tasks())) <= len(before)


def test_finally_masking_the_first_error(before, provider, caplog):
    """What went wrong first is what the client hears, though closing goes wrong as well."""
    provider.play(stream_of(sse(chunk({"content": "Half"})), sse({"error": {"message": "First."}})))
    gateway = before()
    answer = post(gateway, "openai.responses", stream=True)
    assert events(answer)[-1]["response"]["error"]["message"] == "First."
    kept = httpx.get(f"{gateway.url}/v1/responses/{events(answer)[-1]['response']['id']}").json()
    assert kept["error"]["message"] == "First."
    assert "defect" not in caplog.text


def test_store_failed_and_in_progress(before, provider):
    """A failed response can be had again; one that was not to be kept cannot."""
    gateway = before()
    provider.play(stream_of(sse(chunk({"content": "Half"})), sse({"error": {"message": "First."}})))
    id = events(post(gateway, "openai.responses", stream=True))[-1]["response"]["id"]
    assert httpx.get(f"{gateway.url}/v1/responses/{id}").json()["status"] == "failed"
    other = post(gateway, "openai.responses", {**asks("openai.responses"), "store": False}).json()["id"]
    assert httpx.get(f"{gateway.url}/v1/responses/{other}").status_code == 404
