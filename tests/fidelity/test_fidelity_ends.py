"""How calls end: cut, reset, stalled, refused, left early, cancelled; and what a replay makes of it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest
from fidelity_calls import PATH, QUESTION, SYNC, Rig

import tokentape
from tokentape.errors import ReplayIncomplete
from tokentape.testing.contracts.scripts import CUT, LOST, RAW, WHOLE, Ask
from tokentape.testing.provider import (
    Cut,
    Framing,
    Provider,
    Reset,
    Script,
    Send,
    SendHead,
    SendRaw,
    Stall,
    reply,
    silence,
)
from tokentape.testing.provider.faults import cut, mislabelled, reset, stall
from tokentape.wire.interaction import How

SSE = (("content-type", "text/event-stream"),)
TEXT = b"data: {\"a\": \"\xc3\xa9\"}\n\ndata: {\"a\": 2}\n\ndata: [DONE]\n\n"  # fmt: skip
STREAM = reply([TEXT[:20], TEXT[20:]], headers=SSE, framing=Framing.CHUNKED)
LENGTH = reply(TEXT, content_type="application/json")
BREAKS = {"cut": cut, "reset": reset}


@pytest.mark.parametrize("framed", ["chunked", "length"])
@pytest.mark.parametrize("kind", BREAKS)
def test_R47_a_connection_that_ends_at_any_byte(rig, kind, framed):
    """One cassette, one equal request for each place: the recordings replay in their order."""
    every = rig.way in SYNC[:1] and (kind, framed) == ("cut", "chunked")
    places = range(0, len(TEXT), 1 if every else 5)
    script = STREAM if framed == "chunked" else LENGTH
    with Provider(gap=0) as provider, rig.recording():
        for place in places:
            provider.play(BREAKS[kind](at=place)(script))
        ask = Ask(provider.url + PATH, body=QUESTION, timeout=5)
        recorded = [rig.way.call(ask) for _ in places]
    with tokentape.use_cassette(rig.file, mode="none"):
        assert [rig.way.call(ask) for _ in places] == recorded
    kept = rig.kept()
    assert {call.ended.how for call in kept} <= (CUT if kind == "cut" else LOST)
    assert not any(call.ended.whole for call in kept)
    for place, got, call in zip(places, recorded, kept, strict=True):
        assert got.error is not None
        assert got.body == call.response.body == (TEXT[:place] if kind == "cut" else got.body)


HEADS = {
    "closed at once": Script.of(Cut()),
    "reset at once": Script.of(Reset()),
    "closed inside the head": Script.of(SendRaw(b"HTTP/1.1 200 OK\r\ncontent-le"), Cut()),
    "no http": Script.of(SendRaw(b"SSH-2.0-OpenSSH_9\r\n\r\n"), Cut()),
}


@pytest.mark.parametrize("name", HEADS)
def test_R47_no_head_came(rig, name):
    calls = rig.thrice(HEADS[name]).agree()
    assert calls.kept.response is None
    assert calls.replayed.error is not None
    assert calls.kept.ended.how in CUT | LOST


def test_R47_a_refused_connection(rig):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}{PATH}"
    ask = Ask(url, body=QUESTION)
    plain = rig.way.call(ask)
    with rig.recording():
        assert rig.way.call(ask) == plain
    with tokentape.use_cassette(rig.file, mode="none"):
        assert rig.way.call(ask) == plain
    assert plain.error[0] == "ConnectError"
    assert rig.kept()[0].ended.how is How.CONNECT_ERROR


TIMEOUTS = {"before the head": silence(), "in the body": stall(None, at=20)(STREAM)}


@pytest.mark.parametrize("name", TIMEOUTS)
def test_R47_a_read_timeout(rig, name):
    calls = rig.thrice(TIMEOUTS[name], timeout=0.25).agree()
    assert calls.replayed.error[0] == "ReadTimeout"
    assert calls.kept.ended.how is How.READ_TIMEOUT


LENGTHS = {
    "too long": mislabelled(len(TEXT) + 9)(Script((*LENGTH, Cut()))),
    "none": mislabelled(0)(LENGTH),
    "no number": reply(b"x", headers=(("content-length", "many"),), framing=Framing.AS_GIVEN),
    "two that differ": reply(b"xy", headers=(("content-length", "1"), ("content-length", "2")), framing=Framing.AS_GIVEN),
}  # fmt: skip


@pytest.mark.parametrize("name", LENGTHS)
def test_R47_a_wrong_content_length(rig, name):
    rig.thrice(LENGTHS[name]).agree()


OPEN = Script.of(
    SendHead(200, SSE, framing=Framing.CHUNKED), Send(TEXT[:24]), Send(TEXT[24:40], 0.02), Stall()
)


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_R47_a_caller_who_left_early_leaves_as_early(rig, reads):
    calls = rig.thrice(OPEN, reads=reads).agree()
    assert calls.kept.ended.how is How.CLOSED_BY_CALLER
    assert not calls.kept.ended.whole


@pytest.mark.parametrize("reads", [RAW, WHOLE], ids=["raw", "whole"])
def test_R47_reading_on_is_a_typed_error_and_fails_the_block(rig, reads):
    calls = rig.thrice(OPEN, reads=1).agree()
    ask = Ask(calls.kept.request.url, body=QUESTION, reads=reads)
    with pytest.raises(ReplayIncomplete) as caught, tokentape.use_cassette(rig.file, mode="none"):
        got = rig.way.call(ask)
    assert got.error == ("ReplayIncomplete", str(caught.value))
    assert "stopped reading here (closed_by_caller)" in str(caught.value)
    assert reads == WHOLE or got.body == calls.recorded.body


def test_R47_a_caller_who_left_a_body_of_known_length_at_its_end_left_nothing(rig):
    calls = rig.thrice(LENGTH, reads=1).agree()
    assert calls.kept.ended.how is How.EOF


# Cancelled


async def cancelled_in_the_body(module, url):
    """The task is cancelled while it waits for the third chunk; what it had by then."""
    chunks, second = [], asyncio.Event()

    async def work():
        async with module.AsyncClient(trust_env=False) as client:
            async with client.stream("POST", url, content=QUESTION) as response:
                async for chunk in response.aiter_raw():
                    chunks.append(chunk)
                    if b"".join(chunks) == TEXT[:40]:
                        second.set()

    task = asyncio.create_task(work())
    await second.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return b"".join(chunks)


async def cancelled_before_the_head(module, url, provider):
    async def work():
        async with module.AsyncClient(trust_env=False) as client:
            await client.post(url, content=QUESTION)

    task = asyncio.create_task(work())
    await asyncio.to_thread(provider.wait_for, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


MODULES = [replace(way, is_async=True) for way in SYNC]
modules = pytest.mark.parametrize("way", MODULES, ids=str, indirect=True)


@modules
def test_R47_a_task_cancelled_in_the_body(rig):
    with Provider() as provider, rig.recording():
        provider.play(OPEN)
        url = provider.url + PATH
        assert asyncio.run(cancelled_in_the_body(rig.way.module, url)) == TEXT[:40]
    (kept,) = rig.kept()
    assert (kept.ended.how, kept.response.body) == (How.CANCELLED, TEXT[:40])
    reading_on(rig, url, "cancelled")


@modules
def test_R47_a_task_cancelled_before_the_head(rig):
    with Provider() as provider, rig.recording():
        provider.play(silence())
        url = provider.url + PATH
        asyncio.run(cancelled_before_the_head(rig.way.module, url, provider))
    (kept,) = rig.kept()
    assert (kept.ended.how, kept.response) == (How.CANCELLED, None)
    with pytest.raises(ReplayIncomplete, match="gave up before a reply came"):
        with tokentape.use_cassette(rig.file, mode="none"):
            got = rig.way.call(Ask(url, body=QUESTION))
    assert got.error[0] == "ReplayIncomplete"


@pytest.mark.filterwarnings("ignore:Exception ignored in.*:pytest.PytestUnraisableExceptionWarning")
@modules
def test_R47_a_trio_scope_cancelled_in_the_body(rig):
    import trio

    chunks = []

    async def work(url):
        with trio.CancelScope() as scope:
            async with rig.way.module.AsyncClient(trust_env=False) as client:
                async with client.stream("POST", url, content=QUESTION) as response:
                    async for chunk in response.aiter_raw():
                        chunks.append(chunk)
                        if b"".join(chunks) == TEXT[:40]:
                            scope.cancel()
        assert scope.cancelled_caught

    with Provider() as provider, rig.recording():
        provider.play(OPEN)
        url = provider.url + PATH
        trio.run(work, url)
    (kept,) = rig.kept()
    assert (kept.ended.how, kept.response.body) == (How.CANCELLED, TEXT[:40])
    reading_on(rig, url, "cancelled")


def reading_on(rig: Rig, url, how):
    with pytest.raises(ReplayIncomplete, match=how), tokentape.use_cassette(rig.file, mode="none"):
        got = rig.way.call(Ask(url, body=QUESTION))
    assert got.error[0] == "ReplayIncomplete"
    assert got.body == TEXT[:40]
