"""Conversations by `previous_response_id` on tape: they replay, and what is not on it goes on from them."""

from __future__ import annotations

import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")


@pytest.fixture
def tapes(tmp_path):
    """`tapes(mode)` is a gateway that records there, or replays."""
    from running import running, setup, upstream

    from tokentape.gateway.tapes import RecordOptions
    from tokentape.testing.provider import Provider

    with Provider(gap=0) as provider:

        def made(mode):
            record = RecordOptions(root=str(tmp_path), cassette="talk", mode=mode)
            return running(setup(upstream(f"{provider.url}/v1")), record=record)

        yield made, provider


def talk(url, **more):
    """Two turns, then one in the background; what was said."""
    heard = []
    with httpx.Client(base_url=url, timeout=30) as client:
        previous = None
        for turn in ("one", "two"):
            body = {"model": "m", "input": turn, "previous_response_id": previous, **more}
            found = client.post("/v1/responses", json=body).json()
            previous = found["id"]
            heard.append(found["output"][0]["content"][0]["text"])
        body = {"model": "m", "input": "three", "previous_response_id": previous, "background": True}
        job = client.post("/v1/responses", json=body).json()["id"]
        events = client.get(f"/v1/responses/{job}?stream=true").text
        assert events.rstrip().endswith("}")
        heard.append(client.get(f"/v1/responses/{job}").json()["output"][0]["content"][0]["text"])
    return previous, heard


def test_a_conversation_replays_with_the_ids_that_it_had(tapes):
    made, provider = tapes
    with made("new_episodes") as gateway:
        first, said = talk(gateway.url)
    assert provider.count == 3
    with made("none") as gateway:
        second, replayed = talk(gateway.url)
    assert replayed == said
    assert first == second
    assert provider.count == 3


def test_another_conversation_does_not(tapes):
    made, provider = tapes
    with made("new_episodes") as gateway:
        talk(gateway.url)
    with made("none") as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
        body = {"model": "m", "input": "one"}
        previous = client.post("/v1/responses", json=body).json()["id"]
        reply = client.post(
            "/v1/responses", json={"model": "m", "input": "else", "previous_response_id": previous}
        )
        assert reply.status_code == 400
        assert reply.headers["x-should-retry"] == "false"
        assert "No recording" in reply.json()["error"]["message"]
        stored = client.get(f"/v1/responses/{previous}")
        assert stored.status_code == 200
    assert provider.count == 3


def test_a_miss_in_the_background_fails_the_response_and_says_why(tapes):
    made, provider = tapes
    with made("new_episodes") as gateway:
        talk(gateway.url)
    with made("none") as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
        body = {"model": "m", "input": "else", "background": True}
        job = client.post("/v1/responses", json=body).json()["id"]
        events = client.get(f"/v1/responses/{job}?stream=true").text
        found = client.get(f"/v1/responses/{job}").json()
        assert found["status"] == "failed"
        assert "No recording" in found["error"]["message"]
        assert "response.failed" in events
    assert provider.count == 3


def test_a_miss_over_a_websocket_is_an_error_frame(tapes):
    import json

    connect = pytest.importorskip("websockets.sync.client").connect
    made, provider = tapes
    with made("new_episodes") as gateway:
        talk(gateway.url)
    with made("none") as gateway:
        with connect(gateway.url.replace("http", "ws", 1) + "/v1/responses") as socket:
            socket.send(json.dumps({"type": "response.create", "model": "m", "input": "else"}))
            frame = json.loads(socket.recv(timeout=30))
            assert (frame["type"], frame["status"]) == ("error", 400)
            assert "No recording" in frame["error"]["message"]
    assert provider.count == 3


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_on_tape_goes_on_from_what_is(tapes, stream):
    made, provider = tapes

    def ask(client, previous=None, text="one"):
        body = {"model": "m", "input": text, "previous_response_id": previous, "stream": stream}
        reply = client.post("/v1/responses", json=body)
        assert reply.status_code == 200, reply.text
        return reply.text.split('"id":"resp_')[1].split('"')[0]

    with made("new_episodes") as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
        first = ask(client)
    with made("new_episodes") as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
        assert ask(client) == first
        assert provider.count == 1
        ask(client, f"resp_{first}", "two")
        asked = provider.requests[-1].json["messages"]
        assert [message["role"] for message in asked] == ["user", "assistant", "user"]


def test_a_recording_that_is_played_again_and_again_warns_of_nothing(tapes, caplog):
    made, _ = tapes
    with made("new_episodes") as gateway:
        with httpx.Client(base_url=gateway.url, timeout=30) as client:
            body = {"model": "m", "input": "one"}
            ids = {client.post("/v1/responses", json=body).json()["id"] for _ in range(3)}
            first = client.post("/v1/responses", json=body).json()["id"]
            found = client.get(f"/v1/responses/{first}").json()
    assert ids
    assert found["id"] == first
    assert "is not kept" not in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("kind", ["stream", "json"])
async def test_a_response_of_the_tape_is_kept_however_it_is_cut_in_pieces(kind, size):
    """The last event is the longest one, and seldom comes in one piece."""
    import json

    from gw_responses_calls import Kept, Upstream, get, request, response, stream

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.responses.service import Responses

    body = b"".join(stream("resp_tape")) if kind == "stream" else json.dumps(response("resp_tape")).encode()
    media = "text/event-stream" if kind == "stream" else "application/json"
    service = Responses(StateOptions(), Upstream(), lambda: 1000.0)
    client = Kept()
    outlet = service.adopting(request("POST", "", {"model": "m", "input": "one"}), client)
    await outlet.start(200, (("content-type", media), ("x-tokentape-replayed", "1")))
    for begin in range(0, len(body), size):
        await outlet.chunk(body[begin : begin + size])
    assert (await get(service, "resp_tape")).json["output"][0]["content"][0]["text"] == "Hello."
    await outlet.end()
    assert (client.body, client.ended) == (body, True)
