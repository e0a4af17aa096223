"""Stored responses and their lineage: each defect that others had here is a test by its words."""

from __future__ import annotations

import asyncio
import logging

import pytest
from gw_responses_calls import Kept, Upstream, ask, get, request, response, sse, stream

from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.responses.service import Responses


@pytest.fixture(params=["memory", "sqlite"])
def options(request, tmp_path):
    store = "memory" if request.param == "memory" else f"sqlite:{tmp_path / 'state.db'}"
    return StateOptions(store=store, poll=0.01)


@pytest.fixture
def serve(options):
    made = []

    def make(*replies, clock=lambda: 1000.0, keeps=False, **more):
        from dataclasses import replace

        upstream = Upstream(*(replies or (stream(),)), keeps=keeps)
        service = Responses(replace(options, **more), upstream, clock)
        made.append(service)
        return service, upstream

    yield make
    for service in made:
        service.keeping.store.close()


@pytest.mark.asyncio
async def test_a_response_can_be_had_again(serve):
    service, _ = serve()
    made = (await ask(service, {"model": "m", "input": "hi", "metadata": {"a": "b"}})).json
    assert made["id"].startswith("resp_")
    assert made["id"] != "resp_up"
    assert made["metadata"] == {"a": "b"}
    assert (await get(service, made["id"])).json == made


@pytest.mark.asyncio
async def test_parent_input_is_not_lost(serve):
    service, upstream = serve()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    second = (await ask(service, {"model": "m", "input": "two", "previous_response_id": first})).json["id"]
    third = await ask(service, {"model": "m", "input": "three", "previous_response_id": second})
    said = [item["content"][0]["text"] for item in upstream.seen[-1]["input"]]
    assert said == ["one", "Hello.", "two", "Hello.", "three"]
    assert "previous_response_id" not in upstream.seen[-1]
    assert third.json["previous_response_id"] == second


@pytest.mark.asyncio
async def test_lineage_keeps_calls_results_and_sealed_thoughts_in_order(serve):
    output = [
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA="},
        {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}",
         "status": "completed"},
    ]  # fmt: skip
    service, upstream = serve(stream(output=output), stream())
    first = (
        await ask(service, {"model": "m", "input": "one", "include": ["reasoning.encrypted_content"]})
    ).json
    result = {"type": "function_call_output", "call_id": "call_1", "output": "4"}
    second = await ask(service, {"model": "m", "input": [result], "previous_response_id": first["id"]})
    assert upstream.seen[1]["input"][1:] == [*output, result]
    await ask(service, {"model": "m", "input": "and?", "previous_response_id": second.json["id"]})
    kinds = [item["type"] for item in upstream.seen[2]["input"]]
    assert kinds == ["message", "reasoning", "function_call", "function_call_output", "message", "message"]


@pytest.mark.asyncio
async def test_the_record_exists_before_the_client_sees_the_id(serve):
    service, _ = serve()
    states = []

    class Looking(Kept):
        async def chunk(self, data):
            await super().chunk(data)
            identity = self.events[0]["response"]["id"]
            record = await service.keeping.ask(service.keeping.store.get, "-", identity)
            states.append(record.status)

    outlet = await ask(service, {"model": "m", "input": "hi", "stream": True}, outlet=Looking())
    assert states[0] == "in_progress"
    assert states[-1] == "completed"
    assert len({event["response"]["id"] for event in outlet.events if "response" in event}) == 1


@pytest.mark.asyncio
async def test_a_whole_reply_is_kept_before_its_first_byte(serve):
    service, _ = serve()
    kept = []

    class Looking(Kept):
        async def start(self, status, headers):
            await super().start(status, headers)
            store = service.keeping.store
            kept.append(await service.keeping.ask(store.holder, "-", "msg_up"))

    outlet = await ask(service, {"model": "m", "input": "hi"}, outlet=Looking())
    assert kept == [outlet.json["id"]]


@pytest.mark.asyncio
async def test_ids_are_unique_though_the_upstream_repeats_its_own(serve):
    service, _ = serve()
    ids = {(await ask(service, {"model": "m", "input": "hi"})).json["id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.asyncio
async def test_an_unknown_parent_is_an_error_in_the_apis_own_shape_not_wrapped_in_detail(serve, stream):
    service, upstream = serve()
    outlet = await ask(
        service, {"model": "m", "input": "x", "previous_response_id": "resp_no", "stream": stream}
    )
    assert outlet.status == 400
    assert outlet.error == {
        "message": "Previous response with id 'resp_no' not found.",
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }
    assert set(outlet.json) == {"error"}
    assert not upstream.seen


@pytest.mark.asyncio
async def test_another_clients_response_is_not_found(serve):
    service, upstream = serve()
    identity = (await ask(service, {"model": "m", "input": "secret"}, key="alice")).json["id"]
    for path, method in (("", "GET"), ("", "DELETE"), ("/cancel", "POST"), ("/input_items", "GET")):
        outlet = await get(service, identity, path, key="bob", method=method)
        assert (outlet.status, outlet.error["code"]) == (404, None), path
    outlet = await ask(service, {"model": "m", "input": "x", "previous_response_id": identity}, key="bob")
    assert outlet.error["code"] == "previous_response_not_found"
    assert len(upstream.seen) == 1
    assert (await get(service, identity, key="alice")).status == 200


@pytest.mark.asyncio
async def test_another_clients_items_cannot_be_named(serve):
    service, _ = serve()
    await ask(service, {"model": "m", "input": "secret"}, key="alice")
    body = {"model": "m", "input": [{"type": "item_reference", "id": "msg_up"}]}
    assert (await ask(service, body, key="bob")).status == 404


@pytest.mark.asyncio
async def test_items_can_be_named_by_their_ids(serve):
    service, upstream = serve()
    await ask(service, {"model": "m", "input": "one"})
    outlet = await ask(service, {"model": "m", "input": [{"type": "item_reference", "id": "msg_up"}]})
    assert outlet.status == 200
    assert upstream.seen[-1]["input"][0]["content"][0]["text"] == "Hello."


@pytest.mark.asyncio
async def test_store_false_is_not_kept(serve):
    service, upstream = serve()
    made = (await ask(service, {"model": "m", "input": "hi", "store": False})).json
    assert (await get(service, made["id"])).status == 404
    body = {"model": "m", "input": "x", "previous_response_id": made["id"]}
    assert (await ask(service, body)).error["code"] == "previous_response_not_found"
    assert upstream.calls[0].is_edited is False


@pytest.mark.asyncio
async def test_store_false_may_go_on_from_what_is_stored(serve):
    service, upstream = serve()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    body = {"model": "m", "input": "two", "store": False, "previous_response_id": first}
    assert (await ask(service, body)).status == 200
    assert len(upstream.seen[-1]["input"]) == 3


@pytest.mark.asyncio
async def test_delete(serve):
    service, _ = serve()
    identity = (await ask(service, {"model": "m", "input": "hi"})).json["id"]
    outlet = await get(service, identity, method="DELETE")
    assert outlet.json == {"id": identity, "object": "response", "deleted": True}
    assert (await get(service, identity)).status == 404
    assert (await get(service, identity, method="DELETE")).status == 404


@pytest.mark.asyncio
async def test_a_lineage_with_a_gap_is_an_error_and_never_a_shorter_conversation(serve):
    service, upstream = serve()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    second = (await ask(service, {"model": "m", "input": "two", "previous_response_id": first})).json["id"]
    await get(service, first, method="DELETE")
    outlet = await ask(service, {"model": "m", "input": "three", "previous_response_id": second})
    assert outlet.error["code"] == "previous_response_not_found"
    assert first in outlet.error["message"]
    assert len(upstream.seen) == 2


@pytest.mark.asyncio
async def test_the_oldest_go_first_and_ancestors_in_use_stay(serve):
    time = [0.0]
    service, _ = serve(clock=lambda: time[0], max_items=3)

    async def make(**more):
        time[0] += 1
        return (await ask(service, {"model": "m", "input": "x", **more})).json["id"]

    first, other = await make(), await make()
    second = await make(previous_response_id=first)
    third = await make(previous_response_id=second)
    assert (await get(service, other)).status == 404
    assert [(await get(service, one)).status for one in (first, second, third)] == [200, 200, 200]


@pytest.mark.asyncio
async def test_bytes_are_bounded(serve):
    service, _ = serve(max_bytes=20_000)
    ids = [(await ask(service, {"model": "m", "input": "x" * 5000})).json["id"] for _ in range(6)]
    found = [(await get(service, one)).status for one in ids]
    assert found[-1] == 200
    assert found[0] == 404
    assert found == sorted(found, reverse=True)


@pytest.mark.asyncio
async def test_what_nobody_used_for_the_ttl_is_gone(serve):
    time = [0.0]
    service, _ = serve(clock=lambda: time[0], ttl=100.0)
    identity = (await ask(service, {"model": "m", "input": "x"})).json["id"]
    time[0] = 99.0
    assert (await get(service, identity)).status == 200
    time[0] = 101.0
    assert (await get(service, identity)).status == 404


@pytest.mark.asyncio
async def test_a_conversation_is_named_by_the_client(serve):
    service, upstream = serve()
    body = {"model": "m", "conversation": "conv_1"}
    made = (await ask(service, {**body, "input": "one"})).json
    assert made["conversation"] == {"id": "conv_1"}
    await ask(service, {**body, "input": "two", "conversation": {"id": "conv_1"}})
    assert len(upstream.seen[-1]["input"]) == 3
    assert "conversation" not in upstream.seen[-1]
    await ask(service, {**body, "input": "two"}, key="bob")
    assert upstream.seen[-1]["input"] == "two"
    both = await ask(service, {**body, "input": "x", "previous_response_id": made["id"]})
    assert both.status == 400


@pytest.mark.asyncio
async def test_a_result_without_its_call_is_refused(serve):
    service, upstream = serve()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    result = {"type": "function_call_output", "call_id": "call_no", "output": "4"}
    outlet = await ask(service, {"model": "m", "input": [result], "previous_response_id": first})
    assert outlet.status == 400
    assert "call_no" in outlet.error["message"]
    assert len(upstream.seen) == 1


@pytest.mark.asyncio
async def test_errors_of_the_upstream_pass_and_nothing_is_kept(serve):
    error = {"error": {"message": "no", "type": "rate_limit_error", "code": None, "param": None}}
    service, _ = serve((429, error))
    outlet = await ask(service, {"model": "m", "input": "x"})
    assert (outlet.status, outlet.json) == (429, error)
    assert await service.keeping.ask(service.keeping.store.stopped, ()) == set()


@pytest.mark.asyncio
async def test_a_stream_without_its_last_event_is_failed(serve):
    service, _ = serve(stream()[:-1])
    outlet = await ask(service, {"model": "m", "input": "x", "stream": True})
    kept = (await get(service, outlet.events[0]["response"]["id"])).json
    assert kept["status"] == "failed"
    assert kept["error"]["code"] == "server_error"
    assert kept["output"][0]["content"][0]["text"] == "Hello."


@pytest.mark.asyncio
async def test_a_client_that_leaves_has_a_cancelled_response_and_no_task_is_left(serve):
    service, upstream = serve()
    upstream.hold(after=2)
    outlet = Kept()
    before = asyncio.all_tasks()
    task = asyncio.create_task(ask(service, {"model": "m", "input": "x", "stream": True}, outlet=outlet))
    await upstream.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert upstream.cancelled == 1
    await service._creating.aclose()
    kept = (await get(service, outlet.events[0]["response"]["id"])).json
    assert kept["status"] == "cancelled"
    assert asyncio.all_tasks() == before


@pytest.mark.asyncio
async def test_finally_does_not_mask_the_first_error(serve, monkeypatch, caplog):
    class Defect(Exception):
        pass

    service, upstream = serve()

    async def broken(call, outlet):
        await outlet.start(200, (("content-type", "text/event-stream"),))
        await outlet.chunk(stream()[0])
        raise Defect

    async def fails(*_, **__):
        raise ValueError("a second error")

    monkeypatch.setattr(upstream, "answer", broken)
    monkeypatch.setattr("tokentape.gateway.responses.filing.Filing._close", fails)
    with caplog.at_level(logging.ERROR, "tokentape"), pytest.raises(Defect):
        await ask(service, {"model": "m", "input": "x", "stream": True})
    await service._creating.aclose()
    assert "could not be closed" in caplog.text


@pytest.mark.asyncio
async def test_a_client_found_gone_while_writing_ends_the_call(serve):
    service, _ = serve()
    outlet = Kept(leaves_after=2)
    with pytest.raises(ClientGone):
        await ask(service, {"model": "m", "input": "x", "stream": True}, outlet=outlet)
    await service._creating.aclose()
    assert (await get(service, outlet.events[0]["response"]["id"])).json["status"] == "cancelled"


@pytest.mark.asyncio
async def test_other_events_pass_byte_for_byte(serve):
    odd = b'event:  response.output_text.delta\nid: 7\ndata: {"type" : "response.output_text.delta"}\n\n'
    beat = b": still here\n\n"
    chunks = stream()
    service, _ = serve([chunks[0], odd, beat, *chunks[1:], b"data: [DONE]\n\n"])
    outlet = await ask(service, {"model": "m", "input": "x", "stream": True})
    assert odd + beat in outlet.body
    assert outlet.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.asyncio
async def test_events_cut_anywhere_are_read(serve):
    whole = b"".join(stream())
    service, _ = serve([whole[at : at + 7] for at in range(0, len(whole), 7)])
    outlet = await ask(service, {"model": "m", "input": "x", "stream": True})
    assert outlet.events[-1]["response"]["status"] == "completed"


@pytest.mark.asyncio
async def test_a_response_is_whole_by_the_schema_whatever_the_upstream_left_out(serve):
    types = pytest.importorskip("openresponses_types")
    service, _ = serve()
    body = {"model": "m", "input": "hi", "tools": [{"type": "function", "name": "f"}]}
    made = (await ask(service, body)).json
    types.ResponseResource.model_validate(made)
    assert made["completed_at"] == 1000


@pytest.mark.asyncio
async def test_without_state_the_bytes_of_the_client_go_on(serve):
    service, upstream = serve()
    await ask(service, {"model": "m", "input": "hi"})
    assert upstream.calls[0].is_edited is False
    await ask(service, {"model": "m", "input": "hi", "store": True})
    assert upstream.calls[1].is_edited is True
    assert (
        upstream.calls[1].incoming.request.body
        == request("POST", "", upstream.seen[1] | {"store": True}).incoming.request.body
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"store": "yes"}, "store"),
        ({"background": 1}, "background"),
        ({"background": True, "store": False}, "background"),
        ({"previous_response_id": 5}, "previous_response_id"),
        ({"previous_response_id": ""}, "previous_response_id"),
        ({"previous_response_id": "resp_\ud800"}, "previous_response_id"),
        ({"previous_response_id": "r" * 1000}, "previous_response_id"),
        ({"conversation": "\ud800"}, "conversation"),
        ({"conversation": {}}, "conversation"),
        ({"conversation": []}, "conversation"),
    ],
)
@pytest.mark.asyncio
async def test_fields_that_cannot_be(serve, body, param):
    service, upstream = serve()
    outlet = await ask(service, {"model": "m", "input": "x", **body})
    assert (outlet.status, outlet.error["param"]) == (400, param)
    assert not upstream.seen


@pytest.mark.asyncio
@pytest.mark.parametrize("identity", ["", "\ud800", "i" * 1000, None, 5, "msg_no"])
async def test_items_that_cannot_be_named(serve, identity):
    service, _ = serve()
    body = {"model": "m", "input": [{"type": "item_reference", "id": identity}]}
    assert (await ask(service, body)).status == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("identity", ["", "\ud800", None, 5, "i" * 1000])
async def test_items_of_the_upstream_with_odd_ids(serve, identity):
    service, upstream = serve(stream(output=[{"type": "message", "id": identity, "role": "assistant"}]))
    first = (await ask(service, {"model": "m", "input": "x"})).json["id"]
    assert (await ask(service, {"model": "m", "input": "y", "previous_response_id": first})).status == 200
    assert upstream.seen[-1]["input"][1]["id"] == identity


@pytest.mark.asyncio
async def test_a_compressed_stream_from_a_tape_is_read(serve):
    import gzip

    service, upstream = serve()

    async def coded(call, outlet):
        head = (("content-type", "text/event-stream"), ("content-encoding", "gzip"))
        await outlet.start(200, head)
        await outlet.chunk(gzip.compress(b"".join(stream())))
        await outlet.end()

    upstream.answer = coded
    outlet = await ask(service, {"model": "m", "input": "x", "stream": True})
    identity = outlet.events[0]["response"]["id"]
    assert (await get(service, identity)).json["status"] == "completed"
    assert not any(name == "content-encoding" for name, _ in outlet.headers)


@pytest.mark.asyncio
async def test_a_running_response_cannot_be_gone_on_from(serve):
    service, upstream = serve()
    upstream.hold(after=3)
    outlet = Kept()
    task = asyncio.create_task(ask(service, {"model": "m", "input": "x", "stream": True}, outlet=outlet))
    await upstream.reached.wait()
    identity = outlet.events[0]["response"]["id"]
    upstream.hold_after = None
    other = await ask(service, {"model": "m", "input": "y", "previous_response_id": identity})
    assert other.status == 400
    assert "in_progress" in other.error["message"]
    upstream.gate.set()
    await task


def test_an_event_of_ours_is_one_line():
    assert sse({"type": "x", "n": response()}).count(b"\n") == 3
