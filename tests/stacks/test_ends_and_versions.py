"""Between stacks: HTTP/2, ends that a caller or a connection made, and codings that a stack does not know."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import urllib.request
from dataclasses import replace

import pytest
from stack_calls import Call, stacks
from stack_cases import CODED, EVENTS, LEFT, RESET, one, stream

import tokentape
from tokentape.errors import ReplayIncomplete
from tokentape.testing.provider import Provider

STACKS = stacks()
every = pytest.mark.parametrize("replayer", STACKS)


def recorded(file, recorder, case):
    """Record `case` in one stack; where its provider was, and what the caller got."""
    with Provider(gap=0.001) as provider:
        for script in case.scripts:
            provider.play(script)
        with tokentape.use_cassette(file, mode="all", errors="record"):
            got = [STACKS[recorder](provider.url, asked) for asked in case.calls]
    return provider.url, got


@pytest.fixture(scope="module")
def http2(tmp_path_factory):
    """A reply that came over HTTP/2: no reason phrase, no framing fields."""
    module = pytest.importorskip("httpx2")
    h2_server = pytest.importorskip("h2_server", reason="needs h2", exc_type=ImportError)
    file = tmp_path_factory.mktemp("h2") / "tape.json"
    with h2_server.H2Server() as server:
        url = f"http://127.0.0.1:{server.port}"
        with tokentape.use_cassette(file), module.Client(http1=False, http2=True) as client:
            body = client.post(url + "/v1/chat/completions", content=Call("").body).content
    assert '"http": "2"' in file.read_text(encoding="utf-8")
    return file, url, body


@every
def test_a_reply_recorded_over_http_2(http2, replayer):
    file, url, body = http2
    with tokentape.use_cassette(file, mode="none"):
        got = STACKS[replayer](url, Call("/v1/chat/completions"))
    assert got == replace(got, status=200, headers=(("content-type", "text/event-stream"),), body=body)
    assert got.fault is None


@pytest.mark.parametrize("recorder", STACKS)
def test_R47_a_caller_who_left_early_in_one_stack_leaves_as_early_in_every_other(tmp_path, recorder):
    file = tmp_path / "tape.json"
    url, (got,) = recorded(file, recorder, LEFT)
    for name, call in STACKS.items():
        with tokentape.use_cassette(file, mode="none"):
            assert call(url, *LEFT.calls).body == got.body == EVENTS[0], name


@every
def test_R47_reading_on_is_told_in_every_stack(tmp_path, replayer):
    file = tmp_path / "tape.json"
    url, _ = recorded(file, "http.client", LEFT)
    block = tokentape.use_cassette(file, mode="none")
    with pytest.raises(ReplayIncomplete, match="closed_by_caller"):
        with block:
            got = STACKS[replayer](url, replace(LEFT.calls[0], leaves=None))
            assert (got.body[: len(EVENTS[0])], got.fault) == (EVENTS[0], "unseen")


@pytest.mark.parametrize("recorder", STACKS)
def test_R47_a_connection_that_was_reset_is_an_exception_everywhere(tmp_path, recorder):
    file = tmp_path / "tape.json"
    url, (live,) = recorded(file, recorder, RESET)
    assert live.fault in {"reset", "cut"}
    assert '"how": "reset"' in file.read_text(encoding="utf-8")
    for name, call in STACKS.items():
        with tokentape.use_cassette(file, mode="none"):
            got = call(url, *RESET.calls)
        assert (got.status, got.body) == (200, b"".join(EVENTS[:3])), name
        assert got.fault in {"reset", "cut"}, name


@pytest.mark.parametrize("recorder", STACKS)
def test_R47_nobody_listening_is_refused_everywhere(tmp_path, recorder):
    file, asked = tmp_path / "tape.json", Call("/v1/chat/completions")
    with Provider() as provider:
        url = provider.url
    with tokentape.use_cassette(file, mode="all", errors="record"):
        assert STACKS[recorder](url, asked).fault == "refused"
    for name, call in STACKS.items():
        with tokentape.use_cassette(file, mode="none"):
            got = call(url, asked)
        assert (got.status, got.fault) == (None, "refused"), name


@pytest.mark.parametrize("recorder", STACKS)
def test_R55_a_program_without_the_codec_gets_a_body_that_its_header_fits(tmp_path, recorder):
    """Recorded by one that asked for gzip; asked again with urllib as it is, which says `identity`."""
    file, case = tmp_path / "tape.json", one("coded", stream([CODED], ("content-encoding", "gzip")))
    url, _ = recorded(file, recorder, case)
    plain = urllib.request.Request(url + case.calls[0].path, case.calls[0].body, method="POST")
    with tokentape.use_cassette(file, mode="none"), urllib.request.urlopen(plain) as got:
        assert got.read() == b"".join(EVENTS) == gzip.decompress(CODED)
        assert got.headers["content-encoding"] is None


@every
def test_R14_a_miss_is_an_error_reply_in_every_stack(tmp_path, replayer):
    file = tmp_path / "tape.json"
    url, _ = recorded(file, "http.client", one("known", stream()))
    with pytest.raises(tokentape.ReplayMiss), tokentape.use_cassette(file, mode="none"):
        got = STACKS[replayer](url, Call("/v1/chat/completions"))
        assert (got.status, got.fault) == (400, None)
        assert "tape.json" in json.loads(got.body)["error"]["message"]


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")
def test_a_replayed_aiohttp_response_may_be_collected_after_its_loop_is_gone(tmp_path):
    """As a live one: nothing is raised where nobody can catch it. (pytest makes such errors warnings.)"""
    aiohttp = pytest.importorskip("aiohttp")
    file, case = tmp_path / "tape.json", one("abandoned", stream())
    url, _ = recorded(file, "http.client", case)

    async def abandons():
        async with aiohttp.ClientSession() as session:
            return await session.post(url + case.calls[0].path, data=case.calls[0].body)

    with tokentape.use_cassette(file, mode="none"):
        response = asyncio.run(abandons())
        assert response.status == 200
        del response
        gc.collect()
