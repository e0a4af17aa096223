"""Streams: live while recording, with the same chunks on replay, whatever their bytes."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from fidelity_calls import PATH

import tokentape
from tokentape.testing.contracts.scripts import RAW, WHOLE, Ask
from tokentape.testing.provider import Framing, Provider, Script, Send, SendHead, Stall, reply
from tokentape.testing.provider.faults import split, split_at, trickle
from tokentape.wire.interaction import How

SSE = (("content-type", "text/event-stream"),)


def event(text):
    return (
        b"data: "
        + json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False).encode()
        + b"\n\n"
    )


TEXT = b"".join(map(event, ("größe", "世界", "🌍", "e\u0301"))) + b"data: [DONE]\n\n"
EVENTS = [part + b"\n\n" for part in TEXT.split(b"\n\n") if part]
STREAMING = json.dumps(
    {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi."}]}
).encode()


def stream(body=TEXT, headers=SSE):
    return reply([body], headers=headers, framing=Framing.CHUNKED)


@pytest.mark.parametrize("accept", [(), (("accept", "text/event-stream"),)], ids=["no accept", "accept"])
def test_R01_R05_each_chunk_arrives_before_the_next_is_sent(rig, accept):
    """Of a request that only says `"stream": true` in its body, too."""
    gates = [threading.Event() for _ in EVENTS]
    steps = [step for piece, gate in zip(EVENTS, gates, strict=True) for step in (Send(piece), Stall(gate))]
    arrived = iter(gates)
    with Provider() as provider, rig.recording():
        provider.play(Script.of(SendHead(200, SSE, framing=Framing.CHUNKED), *steps))
        url = provider.url + PATH
        ask = Ask(url, headers=accept, body=STREAMING, on_chunk=lambda chunk: next(arrived).set())
        recorded = rig.way.call(ask)
    assert recorded.error is None
    assert list(recorded.chunks) == EVENTS
    with tokentape.use_cassette(rig.file, mode="none"):
        assert rig.way.call(Ask(url, headers=accept, body=STREAMING)) == recorded


def sync_pieces(response, how):
    return list(getattr(response, f"iter_{how}")())


async def async_pieces(response, how):
    return [piece async for piece in getattr(response, f"aiter_{how}")()]


@pytest.mark.parametrize("how", ["bytes", "text", "lines", "raw"])
def test_R01_every_way_of_iterating(rig, how):
    def sync(url):
        with rig.way.module.Client() as client, client.stream("POST", url, content=STREAMING) as response:
            return sync_pieces(response, how)

    async def asynchronous(url):
        async with rig.way.module.AsyncClient() as client:
            async with client.stream("POST", url, content=STREAMING) as response:
                return await async_pieces(response, how)

    def run(url):
        return asyncio.run(asynchronous(url)) if rig.way.is_async else sync(url)

    with Provider(gap=0.002) as provider:
        provider.play(split(5)(stream()), times=None)
        url = provider.url + PATH
        plain = run(url)
        with rig.recording():
            recorded = run(url)
    with tokentape.use_cassette(rig.file, mode="none"):
        assert run(url) == recorded
    assert (b"" if how in ("bytes", "raw") else "").join(recorded) == type(plain[0])().join(plain)


@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_R02_small_chunks_are_kept(rig, every):
    calls = rig.thrice(split(every, gap=0.0005)(stream()), body=STREAMING).agree()
    assert calls.kept.response.body == TEXT
    assert sum(calls.kept.response.chunks) == len(TEXT)
    assert len(calls.replayed.chunks) == len(calls.kept.response.chunks) > 1


def test_R02_characters_and_events_split_between_chunks(rig):
    inside = [TEXT.index("ß".encode()) + 1, TEXT.index("🌍".encode()) + 2, TEXT.index(b"DONE") + 1]
    calls = rig.thrice(split_at(*inside, gap=0.01)(stream()), body=STREAMING).agree()
    assert calls.kept.response.body == TEXT


STREAMS = {
    "crlf": TEXT.replace(b"\n", b"\r\n"),
    "cr": TEXT.replace(b"\n", b"\r"),
    "mixed ends": TEXT.replace(b"\n\n", b"\r\n\n", 2),
    "comments": b": hello\n\n" + TEXT.replace(b"\n\n", b"\n\n: keep-alive\n\n"),
    "bom": b"\xef\xbb\xbf" + TEXT,
    "names and ids": b"event: a\nid: 1\nretry: 10\ndata: {\"a\": 1}\n\nevent:b\ndata:{\"a\":2}\n\n",
    "no space": TEXT.replace(b"data: ", b"data:"),
    "two spaces": TEXT.replace(b"data: ", b"data:  "),
    "two data lines": b"data: {\"a\":\ndata: 1}\n\ndata:\n\ndata\n\n",
    "unended tail": TEXT + b"data: {\"a\": 1}",
    "no end": b"data: {\"a\": 1}\n\n",
    "invalid utf-8": b"data: {\"a\": \"\xff\xc3\"}\n\n" + TEXT,
    "not json": b"data: hello\n\ndata: [1, 2\n\n" + TEXT,
    "odd json": b"data: { \"a\" : 1.0 ,\"b\":[ ] }\n\ndata: {\"a\":1e5,\"a\":2}\n\n" + TEXT,
    "padded json": b'event: x\ndata: {"type":"x","delta":{"a":"b"}           }\n\n',
    "blank lines": b"\n\n\n" + TEXT + b"\n\n\n",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_R52_event_streams_of_every_spelling(rig, name):
    body = STREAMS[name]
    calls = rig.thrice(split(6, gap=0.0005)(stream(body)), body=STREAMING).agree()
    assert calls.kept.response.body == body


def test_R46_a_caller_who_leaves_at_the_last_event_has_a_whole_reply(rig):
    """As the SDKs do: they close at `[DONE]`, before the end of the body."""
    script = Script.of(SendHead(200, SSE, framing=Framing.CHUNKED), Send(TEXT), Stall())
    calls = rig.thrice(script, body=STREAMING, reads=1).agree()
    assert calls.kept.ended.how is How.CLOSED_BY_CALLER
    assert calls.kept.ended.terminal is True
    assert calls.kept.ended.whole
    with tokentape.use_cassette(rig.file, mode="none") as deck:
        again = rig.way.call(Ask(calls.kept.request.url, body=STREAMING, reads=RAW))
    assert (again.error, again.body, deck.errors) == (None, TEXT, ())


def test_R46_an_end_of_file_before_the_last_event_is_not_whole(rig):
    calls = rig.thrice(stream(b"".join(EVENTS[:2])), body=STREAMING).agree()
    assert calls.kept.ended.how is How.EOF
    assert calls.kept.ended.terminal is False
    assert not calls.kept.ended.whole


def test_the_recorded_pace(rig):
    """Replay may be slower than the recording, by as much as the machine likes; never faster."""
    import time

    calls = rig.thrice(trickle(0.03)(split_at(30, 60, 90)(stream())), body=STREAMING).agree()
    gaps = calls.kept.timing.chunk_ms
    marks = [time.monotonic()]
    with tokentape.use_cassette(rig.file, mode="none", pace="recorded"):
        url = calls.kept.request.url
        again = rig.way.call(Ask(url, body=STREAMING, on_chunk=lambda chunk: marks.append(time.monotonic())))
    assert again == calls.recorded
    assert max(gaps) >= 20
    for number, gap in enumerate(gaps[1:], 1):
        assert marks[number + 1] - marks[number] >= gap / 1000 - 0.001
    assert marks[1] - marks[0] >= calls.kept.timing.head_ms / 1000


def test_R18_503_503_200_replay_in_order(rig):
    with Provider() as provider, rig.recording():
        for status in (503, 503, 200):
            provider.play(reply(b"%d" % status, status))
        ask = Ask(provider.url + PATH, body=STREAMING, reads=WHOLE)
        recorded = [rig.way.call(ask) for _ in range(3)]
    with tokentape.use_cassette(rig.file, mode="none"):
        assert [rig.way.call(ask) for _ in range(3)] == recorded
    assert [got.status for got in recorded] == [503, 503, 200]


def test_R18_three_concurrent_calls_answered_in_reverse(rig):
    bodies = [json.dumps({"model": "m", "messages": [{"role": "user", "content": str(n)}]}) for n in range(3)]

    def run(url):
        if rig.way.is_async:
            return asyncio.run(asynchronous(url))
        got, threads = {}, []
        for body in bodies:
            threads.append(threading.Thread(target=lambda body=body: got.update({body: one(url, body)})))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [got[body] for body in bodies]

    def one(url, body):
        with rig.way.module.Client(trust_env=False) as client:
            return client.post(url, content=body).json()["choices"][0]["message"]["content"]

    async def asynchronous(url):
        async with rig.way.module.AsyncClient(trust_env=False) as client:
            replies = await asyncio.gather(*(client.post(url, content=body) for body in bodies))
            return [reply.json()["choices"][0]["message"]["content"] for reply in replies]

    def number(seen):
        return int(seen.json["messages"][0]["content"])

    with Provider() as provider:
        provider.delay_by(lambda seen: 0.05 * (2 - number(seen)))
        url = provider.url + PATH
        with rig.recording():
            recorded = run(url)
        assert provider.count == 3
    with tokentape.use_cassette(rig.file, mode="none"):
        assert run(url) == recorded
    assert [text.rpartition(" ")[2] for text in recorded] == ["0", "1", "2"]
