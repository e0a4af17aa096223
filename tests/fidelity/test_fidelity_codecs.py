"""Compressed replies: raw and decoded, through clients that have the codec, lost it, or never had it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import httpx
import httpx2
import pytest
from fidelity_calls import PATH, QUESTION

import tokentape
from tokentape.testing.contracts.scripts import RAW, WHOLE, Ask
from tokentape.testing.provider import Framing, Provider, reply
from tokentape.testing.provider.faults import coded, cut

pytest.importorskip("brotli")
pytest.importorskip("zstandard")

TEXT = json.dumps(
    {"id": 1, "choices": [{"message": {"content": "größe " * 40}}]}, ensure_ascii=False
).encode()
EVENTS = [b"data: {\"a\": %d}\n\n" % n for n in range(9)] + [b"data: [DONE]\n\n"]  # fmt: skip
PLAIN = reply(TEXT, content_type="application/json")
STREAM = reply(EVENTS, headers=(("content-type", "text/event-stream"),), framing=Framing.CHUNKED)
CODINGS = ["gzip", "deflate", "br", "zstd", ("gzip", "br"), ("deflate", "gzip")]


def decodes(module, names):
    """True if the module has the codecs."""
    found = set(module._decoders.SUPPORTED_DECODERS)
    return {names} <= found if isinstance(names, str) else set(names) <= found


def change(names):
    return coded(names) if isinstance(names, str) else coded(*names)


@pytest.mark.parametrize("script", [PLAIN, STREAM], ids=["plain", "stream"])
@pytest.mark.parametrize("reads", [RAW, WHOLE], ids=["raw", "decoded"])
@pytest.mark.parametrize("names", CODINGS, ids=str)
def test_R55_a_coded_reply_replays_raw_and_decoded(rig, names, reads, script):
    """Also through httpx2 without zstd, which gets coded bytes from a server that sends them unasked."""
    calls = rig.thrice(change(names)(script), reads=reads).agree()
    assert calls.kept.response.body == change(names)(script).body
    if reads == WHOLE and decodes(rig.way.module, names):
        assert calls.replayed.body == script.body
    if reads == RAW:
        assert calls.replayed.body == calls.kept.response.body


def test_R55_a_coded_stream_that_was_cut(rig):
    script = cut(after=4)(coded("gzip")(STREAM))
    calls = rig.thrice(script).agree()
    assert calls.replayed.error is not None
    assert calls.kept.response.body == script.body


def test_R55_a_body_that_only_says_it_is_gzip(rig):
    rig.thrice(reply(TEXT, headers=(("content-encoding", "gzip"),))).agree()


def record(way, file, names, script=PLAIN):
    """Record a coded reply; the ask that replays it."""
    with Provider() as provider, tokentape.use_cassette(file, mode="once"):
        provider.play(change(names)(script))
        accepts = (("accept-encoding", "gzip, deflate, br, zstd"),)
        ask = Ask(provider.url + PATH, body=QUESTION, reads=RAW, headers=accepts)
        way.call(ask)
    return ask


@pytest.mark.parametrize("names", ["br", "zstd", ("gzip", "br")], ids=str)
def test_R55_a_client_without_the_codec_gets_headers_that_fit(rig, names, monkeypatch):
    ask = record(rig.way, rig.file, names)
    for name in ("br", "zstd"):
        monkeypatch.delitem(rig.way.module._decoders.SUPPORTED_DECODERS, name, raising=False)
    for reads in (RAW, WHOLE):
        with tokentape.use_cassette(rig.file, mode="none"):
            got = rig.way.call(replace(ask, reads=reads))
        assert (got.error, got.body) == (None, TEXT)
        fields = {name.lower(): value for name, value in got.headers}
        assert "content-encoding" not in fields
        assert fields["content-length"] == str(len(TEXT))


REPLAY = """
import sys
for name in ("brotli", "brotlicffi", "zstandard", "backports.zstd", "compression.zstd"):
    sys.modules[name] = None
import {module} as http
import tokentape
with tokentape.use_cassette({file!r}, mode="none"), http.Client(trust_env=False) as client:
    fields = {{"accept-encoding": "gzip, deflate, br, zstd"}}
    for _ in range({calls}):
        reply = client.post({url!r}, content={body!r}, headers=fields)
        assert "br" not in http._decoders.SUPPORTED_DECODERS
        sys.stdout.buffer.write(reply.content + b"|")
"""


@pytest.mark.parametrize("module", [httpx2, httpx], ids=lambda module: module.__name__)
@pytest.mark.parametrize("script", [PLAIN, STREAM], ids=["plain", "stream"])
def test_R55_where_no_codec_is_installed_the_shown_body_is_served(outside, module, script):
    """In a process of its own, in which neither the client nor tokentape has br or zstd."""
    file = str(outside / "tape.json")
    with Provider(gap=0) as provider, tokentape.use_cassette(file, mode="once"):
        for name in ("br", "zstd", "gzip"):
            provider.play(coded(name)(script))
            fields = {"accept-encoding": "gzip, deflate, br, zstd"}
            with httpx.Client(trust_env=False) as client:
                assert (
                    client.post(provider.url + PATH, content=QUESTION, headers=fields).content == script.body
                )
        url = provider.url + PATH
    code = REPLAY.format(module=module.__name__, file=file, calls=3, url=url, body=QUESTION)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == (script.body + b"|") * 3
