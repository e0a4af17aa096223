"""Responses in the background: polled, resumed, cancelled, over two workers, through crashes and shutdowns."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from dataclasses import replace

import pytest
from gw_responses_calls import Kept, Upstream, ask, get, request, sse, stream

from tokentape.gateway.responses import joboutlet, liveness
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.responses.service import Responses

BODY = {"model": "m", "input": "hi", "background": True}
KINDS = [
    "response.created", "response.queued", "response.in_progress", "response.output_text.delta",
    "response.output_item.done", "response.completed",
]  # fmt: skip


@pytest.fixture(params=["memory", "sqlite"])
def options(request, tmp_path):
    store = "memory" if request.param == "memory" else f"sqlite:{tmp_path / 'state.db'}"
    return StateOptions(store=store, poll=0.005)


@pytest.fixture
def shared(tmp_path):
    return StateOptions(store=f"sqlite:{tmp_path / 'state.db'}", poll=0.005)


class Served:
    """A worker: its service and the upstream behind it."""

    def __init__(self, options, *replies):
        self.upstream = Upstream(*(replies or (stream(),)))
        self.service = Responses(options, self.upstream, lambda: 1000.0)

    async def __aenter__(self):
        await self.service.open()
        return self.service, self.upstream

    async def __aexit__(self, *_):
        self.upstream.gate.set()
        await self.service.aclose()


async def until_done(service, identity, key="-"):
    """Poll until the response has ended."""
    while True:
        found = (await get(service, identity, key=key)).json
        if found["status"] not in ("queued", "in_progress"):
            return found
        await asyncio.sleep(0.005)


async def told(outlet, count):
    while len(outlet.events) < count:
        await asyncio.sleep(0.005)


@pytest.mark.asyncio
async def test_it_returns_queued_at_once_and_is_polled(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=2)
        made = (await ask(service, BODY)).json
        assert (made["status"], made["background"], made["output"]) == ("queued", True, [])
        await upstream.reached.wait()
        assert (await get(service, made["id"])).json["status"] == "in_progress"
        upstream.gate.set()
        found = await until_done(service, made["id"])
        assert found["status"] == "completed"
        assert found["output"][0]["content"][0]["text"] == "Hello."
        assert found["id"] == made["id"]


@pytest.mark.asyncio
async def test_a_queued_response_is_whole_by_the_schema(options):
    types = pytest.importorskip("openresponses_types")
    async with Served(options) as (service, _):
        made = (await ask(service, {**BODY, "tools": [{"type": "function", "name": "f"}]})).json
        types.ResponseResource.model_validate(made)
        types.ResponseResource.model_validate(await until_done(service, made["id"]))


@pytest.mark.asyncio
async def test_background_needs_store(options):
    async with Served(options) as (service, upstream):
        outlet = await ask(service, {**BODY, "store": False})
        assert (outlet.status, outlet.error["param"]) == (400, "background")
        assert not upstream.seen


@pytest.mark.asyncio
async def test_a_streaming_create_tells_all_and_survives_the_client(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=2)
        outlet = Kept()
        task = asyncio.create_task(ask(service, {**BODY, "stream": True}, outlet=outlet))
        await upstream.reached.wait()
        await told(outlet, 3)
        identity = outlet.events[0]["response"]["id"]
        task.cancel()
        await asyncio.wait([task])
        upstream.gate.set()
        assert (await until_done(service, identity))["status"] == "completed"
        assert upstream.cancelled == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("after", [None, 0, 2, 4, 5])
async def test_the_stream_is_resumed_from_any_number(options, after):
    async with Served(options) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        query = "?stream=true" + ("" if after is None else f"&starting_after={after}")
        outlet = await get(service, identity, query)
        first = 0 if after is None else after + 1
        assert [event["type"] for event in outlet.events] == KINDS[first:]
        assert [event["sequence_number"] for event in outlet.events] == list(range(first, 6))
        whole = [event["response"] for event in outlet.events if "response" in event]
        assert {found["id"] for found in whole} <= {identity}


@pytest.mark.asyncio
async def test_the_tail_is_live(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=3)
        identity = (await ask(service, BODY)).json["id"]
        outlet = Kept()
        call = request("GET", f"/{identity}?stream=true&starting_after=1")
        task = asyncio.create_task(service.answer(call, outlet))
        await told(outlet, 2)
        assert not task.done()
        upstream.gate.set()
        await task
        assert outlet.ended
        assert outlet.events[-1]["type"] == "response.completed"


@pytest.mark.asyncio
async def test_only_background_responses_are_streamed_again(options):
    async with Served(options) as (service, _):
        identity = (await ask(service, {"model": "m", "input": "hi"})).json["id"]
        assert (await get(service, identity, "?stream=true")).status == 400
        assert (await get(service, identity, "/cancel", method="POST")).status == 400


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", ["x", "1.5", "9" * 30, "-2"])
async def test_a_wrong_number_is_refused(options, wrong):
    async with Served(options) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        outlet = await get(service, identity, f"?stream=true&starting_after={wrong}")
        assert (outlet.status, outlet.error["param"]) == (400, "starting_after")


@pytest.mark.asyncio
async def test_cancel_stops_the_upstream_and_is_idempotent(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=4)
        identity = (await ask(service, BODY)).json["id"]
        await upstream.reached.wait()
        first = await get(service, identity, "/cancel", method="POST")
        assert first.json["status"] == "cancelled"
        assert first.json["output"][0]["content"][0]["text"] == "Hello."
        while not upstream.cancelled:
            await asyncio.sleep(0.005)
        assert (await get(service, identity, "/cancel", method="POST")).json == first.json
        assert (await until_done(service, identity))["status"] == "cancelled"


@pytest.mark.asyncio
async def test_cancelling_what_has_ended_gives_it_as_it_is(options):
    async with Served(options) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        found = await until_done(service, identity)
        assert (await get(service, identity, "/cancel", method="POST")).json == found


@pytest.mark.asyncio
async def test_deleting_one_that_runs_stops_it(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=2)
        identity = (await ask(service, BODY)).json["id"]
        await upstream.reached.wait()
        assert (await get(service, identity, method="DELETE")).json["deleted"] is True
        while not upstream.cancelled:
            await asyncio.sleep(0.005)
        assert (await get(service, identity)).status == 404


@pytest.mark.asyncio
async def test_the_next_turn_goes_on_from_it(options):
    async with Served(options) as (service, upstream):
        identity = (await ask(service, BODY)).json["id"]
        await until_done(service, identity)
        await ask(service, {"model": "m", "input": "more", "previous_response_id": identity})
        assert len(upstream.seen[-1]["input"]) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_an_error_of_the_upstream_fails_the_response(options, status):
    kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
    error = {"error": {"message": "it says no", "type": kind.get(status, "server_error"), "code": None}}
    async with Served(options, (status, error)) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        found = await until_done(service, identity)
        assert (found["status"], found["error"]["message"]) == ("failed", "it says no")
        codes = {400: "invalid_prompt", 429: "rate_limit_exceeded"}
        assert found["error"]["code"] == codes.get(status, "server_error")
        outlet = await get(service, identity, "?stream=true")
        assert outlet.events[-1]["type"] == "response.failed"


@pytest.mark.asyncio
async def test_an_error_within_a_stream_says_which(options):
    error = {"type": "error", "code": "rate_limit_exceeded", "message": "too much", "param": None}
    async with Served(options, [*stream()[:3], sse(error)]) as (service, _):
        found = await until_done(service, (await ask(service, BODY)).json["id"])
        assert found["error"] == {"code": "rate_limit_exceeded", "message": "too much"}


@pytest.mark.asyncio
@pytest.mark.parametrize("chunks", [stream()[:3], [b": nothing\n\n"], []])
async def test_a_stream_that_breaks_off_is_failed(options, chunks):
    async with Served(options, chunks) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        assert (await until_done(service, identity))["status"] == "failed"


@pytest.mark.asyncio
async def test_a_defect_behind_it_fails_it_and_is_logged(options, caplog):
    async with Served(options, ValueError("a defect")) as (service, _):
        with caplog.at_level(logging.ERROR, "tokentape"):
            identity = (await ask(service, BODY)).json["id"]
            found = await until_done(service, identity)
            await asyncio.sleep(0)
        assert found["status"] == "failed"
        assert "a defect" in caplog.text


@pytest.mark.asyncio
async def test_a_whole_reply_will_do(options):
    from gw_responses_calls import response

    async with Served(options, (200, response())) as (service, _):
        identity = (await ask(service, BODY)).json["id"]
        assert (await until_done(service, identity))["status"] == "completed"


@pytest.mark.asyncio
async def test_another_client_sees_nothing_of_it(options):
    async with Served(options) as (service, _):
        identity = (await ask(service, BODY, key="alice")).json["id"]
        assert (await get(service, identity, "?stream=true", key="bob")).status == 404
        assert (await get(service, identity, "/cancel", key="bob", method="POST")).status == 404
        assert (await until_done(service, identity, key="alice"))["status"] == "completed"


@pytest.mark.asyncio
async def test_shutdown_waits_for_jobs_and_then_fails_them(shared):
    served = Served(shared)
    async with served as (service, upstream):
        upstream.hold(after=2)
        identity = (await ask(service, BODY)).json["id"]
        await upstream.reached.wait()
        await service.jobs.aclose(0.0)
        found = (await get(service, identity)).json
        assert (found["status"], "shut down" in found["error"]["message"]) == ("failed", True)
        assert (await ask(service, BODY)).status == 503


@pytest.mark.asyncio
async def test_shutdown_within_the_grace_loses_nothing(options):
    async with Served(options) as (service, upstream):
        upstream.hold(after=2)
        identity = (await ask(service, BODY)).json["id"]
        await upstream.reached.wait()
        asyncio.get_running_loop().call_soon(upstream.gate.set)
        await service.jobs.aclose(30.0)
        assert (await get(service, identity)).json["status"] == "completed"


@pytest.mark.asyncio
async def test_two_workers_share_what_they_have(shared):
    async with Served(shared) as (one, upstream), Served(shared) as (two, other):
        upstream.hold(after=3)
        identity = (await ask(one, BODY)).json["id"]
        await upstream.reached.wait()
        assert (await get(two, identity)).json["status"] == "in_progress"
        tail = asyncio.create_task(get(two, identity, "?stream=true"))
        upstream.gate.set()
        assert [event["type"] for event in (await tail).events] == KINDS
        await ask(two, {"model": "m", "input": "more", "previous_response_id": identity})
        assert len(other.seen[0]["input"]) == 3


@pytest.mark.asyncio
async def test_a_job_of_another_worker_is_cancelled(shared):
    async with Served(shared) as (one, upstream), Served(shared) as (two, _):
        upstream.hold(after=3)
        identity = (await ask(one, BODY)).json["id"]
        await upstream.reached.wait()
        assert (await get(two, identity, "/cancel", method="POST")).json["status"] == "cancelled"
        while not upstream.cancelled:
            await asyncio.sleep(0.005)
        assert (await get(one, identity)).json["status"] == "cancelled"


@pytest.mark.asyncio
async def test_jobs_of_a_dead_worker_are_failed(shared, monkeypatch):
    async with Served(shared) as (one, upstream):
        upstream.hold(after=4)
        identity = (await ask(one, BODY)).json["id"]
        await upstream.reached.wait()
        monkeypatch.setattr("tokentape.gateway.responses.sqlite.is_dead", lambda *_: True)
        async with Served(shared) as (two, _):
            found = (await get(two, identity)).json
            assert found["status"] == "failed"
            assert "ended before" in found["error"]["message"]
            assert found["output"][0]["content"][0]["text"] == "Hello."
            events = (await get(two, identity, "?stream=true")).events
            assert events[-1]["type"] == "response.failed"
            assert [event["sequence_number"] for event in events] == list(range(len(events)))


@pytest.mark.asyncio
@pytest.mark.parametrize("own", [True, False])
async def test_a_client_that_waits_hears_signs_of_life(shared, monkeypatch, own):
    monkeypatch.setattr("tokentape.gateway.responses.stream.HEARTBEAT", 0.02)
    async with Served(shared) as (one, upstream), Served(shared) as (two, _):
        upstream.hold(after=3)
        identity = (await ask(one, BODY)).json["id"]
        await upstream.reached.wait()
        before = asyncio.all_tasks()
        outlet = Kept()
        call = request("GET", f"/{identity}?stream=true")
        task = asyncio.create_task((one if own else two).answer(call, outlet))
        while outlet.body.count(b": waiting\n\n") < 3:
            await asyncio.sleep(0.005)
        assert len(asyncio.all_tasks()) <= len(before) + 1
        upstream.gate.set()
        await task
        assert [event["type"] for event in outlet.events] == KINDS


@pytest.mark.asyncio
async def test_a_worker_with_a_long_stream_is_not_taken_for_dead(shared):
    time = [0.0]
    service = Responses(shared, Upstream(stream()), lambda: time[0])
    other = Responses(shared, Upstream(stream()), lambda: time[0])
    service._answering.hold(after=2)
    outlet = Kept()
    task = asyncio.create_task(ask(service, {"model": "m", "input": "x", "stream": True}, outlet=outlet))
    await service._answering.reached.wait()
    time[0] += 10 * liveness.SILENCE
    service.keeping.begin()
    await asyncio.sleep(0)
    await service.keeping.ask(lambda: None)  # by then the first sign of life is written
    await other.open()
    service._answering.gate.set()
    await task
    assert (await get(other, outlet.events[0]["response"]["id"])).json["status"] == "completed"
    await service.aclose()
    await other.aclose()


def test_who_is_dead(monkeypatch):
    monkeypatch.setattr(liveness, "_exists", lambda process: process == 1)
    here = liveness.HERE
    assert not liveness.is_dead(here, 1, 100.0, 110.0)
    assert liveness.is_dead(here, 2, 100.0, 110.0)
    assert not liveness.is_dead("elsewhere", 2, 100.0, 110.0)
    assert liveness.is_dead("elsewhere", 2, 100.0, 100.1 + liveness.SILENCE)
    assert not liveness.is_dead(here, liveness.process_id(), 100.0, 110.0)


@pytest.mark.asyncio
async def test_an_answer_waits_for_a_store_that_fails_for_a_while(shared, monkeypatch, caplog):
    monkeypatch.setattr(joboutlet, "PAUSES", (0.01,) * 500)
    monkeypatch.setattr("tokentape.gateway.responses.sqlitefile.PATIENCE", 0.05)
    async with Served(shared) as (service, upstream):
        upstream.hold(after=2)
        identity = (await ask(service, BODY)).json["id"]
        await upstream.reached.wait()
        blocker = sqlite3.connect(shared.store.removeprefix("sqlite:"), isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.WARNING, "tokentape"):
            upstream.gate.set()
            while "has been writing to it for too long" not in caplog.text:
                await asyncio.sleep(0.01)
            blocker.execute("ROLLBACK")
            blocker.close()
            found = await until_done(service, identity)
        assert found["status"] == "completed"
        events = (await get(service, identity, "?stream=true")).events
        assert [event["type"] for event in events] == KINDS


@pytest.mark.asyncio
async def test_events_are_one_write_a_chunk_and_no_polling_of_own_jobs(shared, monkeypatch):
    async with Served(replace(shared, poll=60.0), [b"".join(stream())]) as (service, _):
        writes = []
        change = service.keeping.store.change
        monkeypatch.setattr(
            service.keeping.store, "change", lambda *given: writes.append(given) or change(*given)
        )
        outlet = await ask(service, {**BODY, "stream": True})
        assert [event["type"] for event in outlet.events] == KINDS
        assert len(writes) == 1
        assert json.loads(writes[0][2])["status"] == "completed"
