"""Compaction, input items and counting."""

from __future__ import annotations

import pytest
from gw_responses_calls import Kept, Upstream, ask, get, request, response, sse, stream
from hypothesis import given
from hypothesis import strategies as st

from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.responses.seal import NotOurs, seal, unseal
from tokentape.gateway.responses.service import Responses

TURNS = [
    {"type": "message", "role": "user", "content": "We launch on Tuesday."},
    {"type": "message", "role": "assistant", "content": "Noted."},
    {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"at":"file.py"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "42 lines"},
    {"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "And this?"},
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
    ]},
]  # fmt: skip


def made(*replies, keeps=False):
    upstream = Upstream(*(replies or (stream(text="The launch is on Tuesday."),)), keeps=keeps)
    return Responses(StateOptions(), upstream, lambda: 1000.0), upstream


async def compact(service, body, key="-"):
    outlet = Kept()
    await service.answer(request("POST", "/compact", body, key=key), outlet)
    return outlet


@pytest.mark.asyncio
async def test_user_messages_stay_and_the_rest_becomes_one_item():
    service, _ = made()
    found = (await compact(service, {"model": "m", "input": TURNS})).json
    assert found["object"] == "response.compaction"
    assert [item["type"] for item in found["output"]] == ["message", "message", "compaction"]
    assert found["output"][0]["content"] == [{"type": "input_text", "text": "We launch on Tuesday."}]
    assert all(item["id"] for item in found["output"])
    assert "Tuesday" not in found["output"][-1]["encrypted_content"]
    assert found["usage"]["total_tokens"] == 0


@pytest.mark.asyncio
async def test_it_is_whole_by_the_schema():
    types = pytest.importorskip("openresponses_types")
    service, _ = made()
    types.CompactResource.model_validate((await compact(service, {"model": "m", "input": TURNS})).json)


@pytest.mark.asyncio
async def test_the_model_is_asked_with_all_that_was_said():
    service, upstream = made()
    await compact(service, {"model": "m", "input": TURNS, "instructions": "Be a pirate.", "tools": []})
    asked = upstream.seen[0]
    assert "summary" in asked["instructions"]
    (message,) = asked["input"]
    text, image = message["content"]
    for said in ("Be a pirate.", "We launch on Tuesday.", "Noted.", 'look({"at":"file.py"})', "42 lines"):
        assert said in text["text"]
    assert image["type"] == "input_image"
    assert "tools" not in asked


@pytest.mark.asyncio
async def test_a_later_input_that_holds_it_is_opened_again():
    service, upstream = made()
    found = (await compact(service, {"model": "m", "input": TURNS})).json
    asked = [*found["output"], {"type": "message", "role": "user", "content": "Go on."}]
    assert (await ask(service, {"model": "m", "input": asked})).status == 200
    opened = upstream.seen[-1]["input"][2]
    assert opened["role"] == "developer"
    assert "The launch is on Tuesday." in opened["content"][0]["text"]


@pytest.mark.asyncio
async def test_a_stored_chain_is_compacted_with_its_ancestors():
    service, upstream = made()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    found = (await compact(service, {"model": "m", "previous_response_id": first})).json
    assert [item["type"] for item in found["output"]] == ["message", "compaction"]
    assert "one" in upstream.seen[-1]["input"][0]["content"][0]["text"]


@pytest.mark.asyncio
@pytest.mark.parametrize("sealed", ["gAAAAABforeign==", "ttc1.x.y", "ttc1..", "", "ttc1.\u00e9.\u00e9"])
async def test_a_foreign_one_is_a_clear_error(sealed):
    service, upstream = made()
    item = {"type": "compaction", "encrypted_content": sealed}
    outlet = await ask(service, {"model": "m", "input": [item]})
    assert outlet.status == 400
    assert "not made here" in outlet.error["message"]
    assert not upstream.seen


@pytest.mark.asyncio
async def test_a_foreign_one_passes_to_an_upstream_that_keeps_responses():
    service, upstream = made(keeps=True)
    item = {"type": "compaction", "encrypted_content": "gAAAAABforeign=="}
    assert (await ask(service, {"model": "m", "input": [item]})).status == 200
    assert upstream.seen[0]["input"] == [item]


@pytest.mark.asyncio
async def test_another_clients_is_foreign():
    service, _ = made()
    found = (await compact(service, {"model": "m", "input": TURNS}, key="alice")).json
    body = {"model": "m", "input": found["output"]}
    assert (await ask(service, body, key="alice")).status == 200
    assert (await ask(service, body, key="bob")).status == 400


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [{"input": TURNS}, {"model": None, "input": "x"}, {"model": "m"}])
async def test_what_cannot_be_compacted(body):
    service, upstream = made()
    assert (await compact(service, body)).status == 400
    assert not upstream.seen


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["incomplete", "failed"])
async def test_a_summary_that_was_not_finished_is_none(status):
    service, _ = made((200, response(status=status)))
    assert (await compact(service, {"model": "m", "input": TURNS})).status == 502


@pytest.mark.asyncio
async def test_an_error_of_the_upstream_passes():
    error = {"error": {"message": "no", "type": "rate_limit_error", "code": None, "param": None}}
    service, _ = made((429, error))
    outlet = await compact(service, {"model": "m", "input": TURNS})
    assert (outlet.status, outlet.json) == (429, error)


@given(st.text(), st.text(max_size=20), st.binary(min_size=1, max_size=64))
def test_what_is_sealed_is_opened(summary, client, key):
    assert unseal(seal(summary, client, key), client, key) == summary


@given(st.text(max_size=50), st.data())
def test_a_seal_that_was_touched_is_broken(summary, data):
    sealed = seal(summary, "a", b"key")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != sealed[at]))
    with pytest.raises(NotOurs):
        unseal(sealed[:at] + other + sealed[at + 1 :], "a", b"key")


def test_a_seal_of_another_store_is_not_ours():
    with pytest.raises(NotOurs):
        unseal(seal("x", "a", b"one"), "a", b"two")


# ---- input items


async def chain():
    service, _ = made()
    first = (await ask(service, {"model": "m", "input": ["a", "b", "c"] and TURNS[:2]})).json["id"]
    second = await ask(service, {"model": "m", "input": "last", "previous_response_id": first})
    return service, second.json["id"]


def texts(page):
    return [item["content"][0]["text"] for item in page["data"]]


@pytest.mark.asyncio
async def test_items_are_those_of_the_whole_lineage():
    service, identity = await chain()
    page = (await get(service, identity, "/input_items?order=asc")).json
    assert texts(page) == ["We launch on Tuesday.", "Noted.", "The launch is on Tuesday.", "last"]
    assert page["object"] == "list"
    assert page["has_more"] is False
    assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
    usual = (await get(service, identity, "/input_items")).json
    assert texts(usual) == texts(page)[::-1]


@pytest.mark.asyncio
async def test_items_page_by_page():
    service, identity = await chain()
    found, after = [], ""
    while True:
        page = (await get(service, identity, f"/input_items?order=asc&limit=3{after}")).json
        found += texts(page)
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert len(found) == 4
    assert found[-1] == "last"


@pytest.mark.asyncio
async def test_ids_of_items_are_always_the_same():
    service, identity = await chain()
    pages = [(await get(service, identity, "/input_items")).json for _ in range(2)]
    assert pages[0] == pages[1]
    assert len({item["id"] for item in pages[0]["data"]}) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=" + "9" * 5000, "order=up", "after=msg_no"]
)
async def test_wrong_questions_for_items(query):
    service, identity = await chain()
    outlet = await get(service, identity, f"/input_items?{query}")
    assert (outlet.status, outlet.error["param"]) == (400, query.partition("=")[0])


@pytest.mark.asyncio
async def test_sealed_thoughts_are_shown_to_those_who_want_them():
    thought = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA="}
    service, upstream = made(stream(output=[thought]), stream())
    identity = (await ask(service, {"model": "m", "input": "x"})).json["id"]
    plain = (await get(service, identity)).json["output"][0]
    assert "encrypted_content" not in plain
    wanted = (await get(service, identity, "?include[]=reasoning.encrypted_content")).json["output"][0]
    assert wanted == thought
    second = (await ask(service, {"model": "m", "input": "y", "previous_response_id": identity})).json["id"]
    assert upstream.seen[1]["input"][1] == thought
    items = (await get(service, second, "/input_items?include=reasoning.encrypted_content")).json["data"]
    assert thought in items


# ---- counting, and upstreams that keep responses


@pytest.mark.asyncio
async def test_tokens_are_counted_with_what_came_before():
    service, upstream = made()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    outlet = Kept()
    body = {"model": "m", "input": "two", "previous_response_id": first}
    await service.answer(request("POST", "/input_tokens", body), outlet)
    assert outlet.json == {"object": "response.input_tokens", "input_tokens": 7}
    (counted,) = upstream.counted
    assert len(counted.fields["input"]) == 3
    assert "previous_response_id" not in counted.fields
    assert counted.found.operation.name == "count_tokens"


@pytest.mark.asyncio
async def test_an_upstream_that_keeps_responses_is_asked_for_them():
    service, upstream = made(keeps=True)
    made_there = await ask(service, {"model": "m", "input": "x", "previous_response_id": "resp_theirs"})
    assert made_there.json["id"] == "resp_up"
    assert upstream.seen[0]["previous_response_id"] == "resp_theirs"
    for path, method in (("", "GET"), ("", "DELETE"), ("/cancel", "POST"), ("/input_items", "GET")):
        outlet = await get(service, "resp_theirs", path, method=method)
        assert "forwarded" in outlet.json
    assert "forwarded" in (await compact(service, {"model": "m", "input": "x"})).json


@pytest.mark.asyncio
@pytest.mark.parametrize("streaming", [False, True])
async def test_clients_who_share_an_upstreams_key_do_not_see_each_others(streaming):
    service, upstream = made(keeps=True)
    outlet = await ask(service, {"model": "m", "input": "x", "stream": streaming}, key="alice")
    assert b"resp_up" in outlet.body
    assert "forwarded" in (await get(service, "resp_up", key="alice")).json
    assert (await get(service, "resp_up", key="bob")).status == 404
    body = {"model": "m", "input": "x", "previous_response_id": "resp_up"}
    assert (await ask(service, body, key="bob")).error["code"] == "previous_response_not_found"
    assert (await ask(service, body, key="alice")).status == 200
    assert len(upstream.forwarded) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("streaming", [False, True])
async def test_nobody_takes_anothers_by_writing_its_id_into_a_request(streaming):
    whole = {"metadata": {"id": "resp_victim"}, "response": {"id": "resp_victim"}, **response("resp_bobs")}
    events = [sse({"type": "response.created", "metadata": {"id": "resp_victim"}, "response": whole})]
    service, upstream = made(events if streaming else (200, whole), keeps=True)
    outlet = await ask(service, {"model": "m", "input": "x", "stream": streaming}, key="bob")
    assert b"resp_victim" in outlet.body
    assert (await get(service, "resp_victim", key="bob")).status == 404
    assert "forwarded" in (await get(service, "resp_bobs", key="bob")).json
    assert len(upstream.forwarded) == 1


@pytest.mark.asyncio
async def test_an_id_that_is_another_clients_stays_theirs(caplog):
    service, _ = made((200, response("resp_up")), keeps=True)
    await ask(service, {"model": "m", "input": "x"}, key="alice")
    assert (await ask(service, {"model": "m", "input": "x"}, key="bob")).status == 200
    assert "is not kept" in caplog.text
    assert (await get(service, "resp_up", key="bob")).status == 404


@pytest.mark.asyncio
async def test_an_odd_reply_of_such_an_upstream_passes(caplog):
    for reply in ((200, {"odd": True}), [b"data: odd\n\n", b": x\n\n"], [], (500, {"id": "resp_up"})):
        service, _ = made(reply, keeps=True)
        streaming = isinstance(reply, list)
        outlet = await ask(service, {"model": "m", "input": "x", "stream": streaming}, key="bob")
        assert outlet.ended
        assert outlet.body == (b"".join(reply) if streaming else outlet.body)
        assert (await get(service, "resp_up", key="bob")).status == 404


@pytest.mark.asyncio
async def test_ours_stay_ours_when_the_next_upstream_keeps_responses():
    service, upstream = made()
    first = (await ask(service, {"model": "m", "input": "one"})).json["id"]
    upstream.keeps = True
    second = await ask(service, {"model": "m", "input": "two", "previous_response_id": first})
    assert len(upstream.seen[-1]["input"]) == 3
    assert upstream.seen[-1]["store"] is False
    assert (await get(service, second.json["id"])).json == second.json
