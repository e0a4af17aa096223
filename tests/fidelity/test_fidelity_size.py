"""Big bodies and many calls: what they cost on disk and in work, without a clock."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from fidelity_calls import PATH, SYNC, Rig

import tokentape
from tokentape.testing.contracts.scripts import WHOLE, Ask
from tokentape.testing.provider import Framing, Provider, Script, Send, SendHead

MEGABYTE = 1 << 20
SIZE = 50 * MEGABYTE


def binary():
    return random.Random(1).randbytes(SIZE)


def text():
    return (json.dumps({"text": "größe " * 1000}, ensure_ascii=False).encode() + b"\n") * (SIZE // 9000 + 1)


BIG = {"binary": ("video/mp4", binary, 1.40), "text": ("text/plain", text, 1.10)}


@pytest.fixture(params=SYNC[:1], ids=str)
def way(request):
    return request.param


@pytest.mark.parametrize("kind", BIG)
def test_R53_a_body_of_50_mb(rig: Rig, kind):
    media, make, ratio = BIG[kind]
    body = make()
    pieces = [Send(body[at : at + MEGABYTE], 0) for at in range(0, len(body), MEGABYTE)]
    with Provider(gap=0) as provider, rig.recording():
        provider.play(Script.of(SendHead(200, (("content-type", media),), framing=Framing.CHUNKED), *pieces))
        ask = Ask(provider.url + PATH, reads=WHOLE, timeout=60)
        recorded = rig.way.call(ask)
    assert digest(recorded.body) == digest(body)
    assert rig.file.stat().st_size <= len(body) * ratio
    with tokentape.use_cassette(rig.file, mode="none"):
        replayed = rig.way.call(ask)
    assert digest(replayed.body) == digest(body)
    assert (replayed.headers, replayed.status) == (recorded.headers, recorded.status)


def digest(body):
    return len(body), hashlib.sha256(body).hexdigest()


def test_R53_a_request_of_20_mb(rig: Rig):
    body = json.dumps({"model": "m", "input": "a1 " * (7 * MEGABYTE)}).encode()
    with Provider() as provider, rig.recording():
        ask = Ask(provider.url + "/v1/embeddings", body=body, reads=WHOLE, timeout=60)
        recorded = rig.way.call(ask)
    with tokentape.use_cassette(rig.file, mode="none"):
        assert rig.way.call(ask) == recorded


@pytest.mark.parametrize("calls", [10, 1000])
def test_R53_a_call_reads_its_own_recording_and_no_other(outside, monkeypatch, calls):
    """So that a cassette of many calls costs the same per call as one of few."""
    from tokentape.cassettes.cassette import Cassette
    from tokentape.opening import open_deck
    from tokentape.wire.message import Request

    def asking(number):
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": f"number {number}"}]})
        return Request("POST", "https://api.openai.com/v1/chat/completions", (), body.encode())

    with tokentape.use_cassette(outside / "many.json", mode="once") as deck:
        for number in range(calls):
            forward = deck.begin(asking(number))
            forward.start(200, "OK", (("content-type", "application/json"),))
            forward.chunk(b'{"n":%d}' % number)
            forward.end(tokentape.wire.interaction.How.EOF)
    read, block, answer = [], Cassette._read, Cassette.answer
    monkeypatch.setattr(Cassette, "_read", lambda self, number: (read.append(number), block(self, number))[1])
    monkeypatch.setattr(
        Cassette, "answer", lambda self, number, asked: (read.append(number), answer(self, number, asked))[1]
    )
    deck = open_deck(outside / "many.json", mode="none")
    read.clear()
    for number in (calls - 1, 0, calls // 2):
        assert deck.begin(asking(number)).response.body == b'{"n":%d}' % number
    assert set(read) == {calls - 1, 0, calls // 2}
