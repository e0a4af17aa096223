"""One WebSocket: turns, what it remembers, and what it does about everything that is no turn."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from gw_responses_calls import BASE, Upstream, get, response, sse, stream

from tokentape.gateway.call import Client, Incoming
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.responses.service import Responses
from tokentape.gateway.responses.websocket import connect
from tokentape.wire.message import Request

ENDS = ("response.completed", "response.failed", "response.incomplete", "error")


class Client_:
    """The client's end of a WebSocket."""

    def __init__(self):
        self.to_gateway, self.from_gateway = asyncio.Queue(), asyncio.Queue()

    async def send(self, body):
        text = body if isinstance(body, str) else json.dumps({"type": "response.create", **body})
        await self.to_gateway.put({"type": "websocket.receive", "text": text})

    async def frame(self):
        message = await self.from_gateway.get()
        return json.loads(message["text"])

    async def turn(self, body=None):
        """All frames of one turn."""
        if body is not None:
            await self.send(body)
        frames = []
        while not frames or frames[-1]["type"] not in ENDS:
            frames.append(await self.frame())
        return frames


@asynccontextmanager
async def connected(service, key="-"):
    client = Client_()
    await client.to_gateway.put({"type": "websocket.connect"})
    request = Request("POST", BASE, (("host", "localhost"), ("upgrade", "websocket")))
    incoming = Incoming("call-1", request, Client(key, key))
    task = asyncio.create_task(connect(service, incoming, client.to_gateway.get, client.from_gateway.put))
    assert (await client.from_gateway.get())["type"] == "websocket.accept"
    yield client
    await client.to_gateway.put({"type": "websocket.disconnect", "code": 1000})
    await task


def made(*replies, **options):
    upstream = Upstream(*(replies or (stream(),)))
    return Responses(StateOptions(**options), upstream, lambda: 1000.0), upstream


@pytest.mark.asyncio
async def test_each_event_is_a_frame():
    service, upstream = made()
    async with connected(service) as client:
        frames = await client.turn({"model": "m", "input": "hi"})
    assert [frame["type"] for frame in frames][0::4] == ["response.created", "response.completed"]
    assert upstream.seen[0] == {"model": "m", "input": "hi", "stream": True}
    assert (await get(service, frames[-1]["response"]["id"])).status == 200


@pytest.mark.asyncio
async def test_turns_follow_each_other_at_once():
    service, _ = made()
    async with connected(service) as client:
        for _ in range(20):
            assert (await client.turn({"model": "m", "input": "x"}))[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_what_is_not_stored_is_gone_on_from_on_this_connection_only():
    service, upstream = made()
    async with connected(service) as client:
        first = (await client.turn({"model": "m", "input": "one", "store": False}))[-1]["response"]
        assert first["store"] is False
        body = {"model": "m", "input": "two", "store": False, "previous_response_id": first["id"]}
        second = (await client.turn(body))[-1]["response"]
        assert second["previous_response_id"] == first["id"]
        assert len(upstream.seen[-1]["input"]) == 3
        third = {**body, "previous_response_id": second["id"]}
        await client.turn(third)
        assert len(upstream.seen[-1]["input"]) == 5
    assert (await get(service, first["id"])).status == 404
    async with connected(service) as client:
        (frame,) = await client.turn(body)
        assert (frame["status"], frame["error"]["code"]) == (400, "previous_response_not_found")
        assert (await client.turn({"model": "m", "input": "x"}))[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_a_failed_continuation_forgets_what_it_went_on_from():
    service, _ = made()
    async with connected(service) as client:
        first = (await client.turn({"model": "m", "input": "one", "store": False}))[-1]["response"]["id"]
        result = {"type": "function_call_output", "call_id": "call_no", "output": "x"}
        body = {"model": "m", "store": False, "previous_response_id": first}
        (frame,) = await client.turn({**body, "input": [result]})
        assert frame["error"]["code"] == "invalid_request_error"
        (frame,) = await client.turn({**body, "input": "two"})
        assert frame["error"]["code"] == "previous_response_not_found"


@pytest.mark.asyncio
async def test_what_is_stored_survives_a_failed_continuation():
    service, _ = made()
    async with connected(service) as client:
        first = (await client.turn({"model": "m", "input": "one"}))[-1]["response"]["id"]
        result = {"type": "function_call_output", "call_id": "call_no", "output": "x"}
        await client.turn({"model": "m", "previous_response_id": first, "input": [result]})
        frames = await client.turn({"model": "m", "previous_response_id": first, "input": "two"})
        assert frames[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_a_failed_response_forgets_too():
    failing = [*stream()[:2], sse({"type": "response.failed", "response": response(status="failed")})]
    service, _ = made(stream(), failing, stream())
    async with connected(service) as client:
        first = (await client.turn({"model": "m", "input": "one", "store": False}))[-1]["response"]["id"]
        body = {"model": "m", "input": "x", "store": False, "previous_response_id": first}
        assert (await client.turn(body))[-1]["type"] == "response.failed"
        assert (await client.turn(body))[-1]["error"]["code"] == "previous_response_not_found"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_json"),
        ("", "invalid_json"),
        ("[]", "unknown_message_type"),
        ("null", "unknown_message_type"),
        ('{"type": "response.nothing"}', "unknown_message_type"),
        ('{"type": 5}', "unknown_message_type"),
        ('{"model": "m"}', "unknown_message_type"),
        ('{"type": "response.create"}', "invalid_request_error"),
        ('{"type": "response.create", "model": "m", "input": "x", "background": true}', "invalid_request_error"),
        ('{"type": "response.create", "model": "m", "input": "x", "store": 5}', "invalid_request_error"),
    ],
)  # fmt: skip
async def test_what_is_no_turn_is_an_error_and_the_connection_stays(message, code):
    service, upstream = made()
    async with connected(service) as client:
        await client.send(message)
        frame = await client.frame()
        assert (frame["type"], frame["status"], frame["error"]["code"]) == ("error", 400, code)
        assert not upstream.seen
        assert (await client.turn({"model": "m", "input": "x"}))[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_bytes_that_are_json_will_do_and_others_are_an_error():
    service, _ = made()
    async with connected(service) as client:
        await client.to_gateway.put({"type": "websocket.receive", "bytes": b"\xff\xfe\x00"})
        assert (await client.frame())["error"]["code"] == "invalid_json"
        body = json.dumps({"type": "response.create", "model": "m", "input": "x"}).encode()
        await client.to_gateway.put({"type": "websocket.receive", "bytes": body})
        assert (await client.turn())[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_a_message_that_is_too_long():
    service, _ = made(max_frame=1000)
    async with connected(service) as client:
        (frame,) = await client.turn({"model": "m", "input": "x" * 1000})
        assert frame["status"] == 413


@pytest.mark.asyncio
async def test_one_turn_at_a_time():
    service, upstream = made()
    upstream.hold(after=2)
    async with connected(service) as client:
        await client.send({"model": "m", "input": "one"})
        await upstream.reached.wait()
        await client.send({"model": "m", "input": "two"})
        frames = [await client.frame() for _ in range(3)]
        assert [frame["type"] for frame in frames] == ["response.created", "response.in_progress", "error"]
        assert (frames[2]["status"], frames[2]["error"]["code"]) == (409, "response_in_progress")
        upstream.gate.set()
        assert (await client.turn())[-1]["type"] == "response.completed"
        assert (await client.turn({"model": "m", "input": "x"}))[-1]["type"] == "response.completed"
    assert len(upstream.seen) == 2


@pytest.mark.asyncio
async def test_closing_cancels_the_upstream_and_leaves_no_task():
    service, upstream = made()
    upstream.hold(after=2)
    before = asyncio.all_tasks()
    async with connected(service) as client:
        await client.send({"model": "m", "input": "one"})
        await upstream.reached.wait()
    assert upstream.cancelled == 1
    await service._creating.aclose()
    assert asyncio.all_tasks() == before


@pytest.mark.asyncio
async def test_an_error_reply_is_a_frame_with_its_status():
    error = {"error": {"message": "slow down", "type": "rate_limit_error", "code": None, "param": None}}
    service, _ = made((429, error), stream())
    async with connected(service) as client:
        (frame,) = await client.turn({"model": "m", "input": "x"})
        assert frame["status"] == 429
        assert frame["error"] == {
            "message": "slow down",
            "type": "rate_limit_error",
            "code": "rate_limit_error",
            "param": None,
        }


@pytest.mark.asyncio
async def test_an_error_event_is_a_frame_with_a_status():
    broken = [*stream()[:3], sse({"type": "error", "code": "server_error", "message": "oh", "param": None})]
    service, _ = made(broken)
    async with connected(service) as client:
        frame = (await client.turn({"model": "m", "input": "x"}))[-1]
        assert (frame["type"], frame["status"]) == ("error", 500)
        assert (frame["error"]["code"], frame["error"]["message"]) == ("server_error", "oh")


@pytest.mark.asyncio
async def test_a_stream_that_breaks_off_is_an_error_never_silence():
    service, _ = made(stream()[:3])
    async with connected(service) as client:
        frame = (await client.turn({"model": "m", "input": "x"}))[-1]
        assert frame["error"]["code"] == "stream_incomplete"


@pytest.mark.asyncio
async def test_a_defect_is_an_error_too_and_the_connection_stays(caplog):
    service, _ = made(ValueError("a defect"), stream())
    async with connected(service) as client:
        (frame,) = await client.turn({"model": "m", "input": "x"})
        assert (frame["status"], frame["error"]["code"]) == (500, "server_error")
        assert "its log says more" in frame["error"]["message"]
        assert (await client.turn({"model": "m", "input": "x"}))[-1]["type"] == "response.completed"
    assert "ValueError: a defect" in caplog.text


@pytest.mark.asyncio
async def test_a_whole_reply_is_told_as_events():
    service, _ = made((200, response()))
    async with connected(service) as client:
        frames = await client.turn({"model": "m", "input": "x"})
    assert [frame["type"] for frame in frames] == ["response.created", "response.completed"]
    assert frames[0]["response"]["id"] == frames[1]["response"]["id"]


@pytest.mark.asyncio
async def test_heartbeats_and_done_are_no_frames():
    chunks = stream()
    service, _ = made([chunks[0], b": beat\n\n", *chunks[1:], b"data: [DONE]\n\n"])
    async with connected(service) as client:
        await client.turn({"model": "m", "input": "x"})
        assert client.from_gateway.empty()


@pytest.mark.asyncio
async def test_a_connection_that_never_begins():
    service, _ = made()
    queue = asyncio.Queue()
    await queue.put({"type": "websocket.disconnect"})
    incoming = Incoming("call-1", Request("POST", BASE), Client())
    await connect(service, incoming, queue.get, queue.put)
    assert queue.empty()


@pytest.mark.asyncio
async def test_what_a_connection_remembers_is_bounded(monkeypatch):
    monkeypatch.setattr("tokentape.gateway.responses.local.MOST", 2)
    service, _ = made()
    async with connected(service) as client:
        ids = []
        for _ in range(3):
            frames = await client.turn({"model": "m", "input": "x", "store": False})
            ids.append(frames[-1]["response"]["id"])
        body = {"model": "m", "input": "x", "store": False}
        (frame,) = await client.turn({**body, "previous_response_id": ids[0]})
        assert frame["error"]["code"] == "previous_response_not_found"
        assert (await client.turn({**body, "previous_response_id": ids[2]}))[-1]["type"] in ENDS[:1]
