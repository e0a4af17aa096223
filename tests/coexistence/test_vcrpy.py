"""Beside vcrpy: both record the same call once, and each replays alone."""

from __future__ import annotations

import pytest
from both_active import both, call_of

import tokentape

vcr = pytest.importorskip("vcr", reason="needs vcrpy")
yaml = pytest.importorskip("yaml")

LIBRARIES = [
    "httpx",
    "httpx-async",
    "httpx2",
    "httpx2-async",
    "requests",
    "urllib3",
    "http.client",
    "aiohttp",
]
BELOW = ["httpx", "httpx-async", "httpx2", "httpx2-async"]
"""Where vcrpy's hook is below ours: we are asked first, and see what it serves."""

every = pytest.mark.parametrize("library", LIBRARIES)


def theirs(mode="once"):
    return vcr.use_cassette("theirs.yaml", record_mode=mode)


@every
def test_both_record_once_and_put_everything_back(provider, url, file, order, library, originals):
    call = call_of(library)

    def run():
        with both(tokentape.use_cassette(file), theirs(), order) as deck:
            reply = call(url)
        assert (deck.tally.recorded, provider.count) == (1, 1)
        assert len(yaml.safe_load((file.parent / "theirs.yaml").read_text())["interactions"]) == 1
        provider.stop()
        with tokentape.use_cassette(file, mode="none"):
            assert call(url) == reply
        with theirs("none"):
            assert call(url) == reply

    originals(run)


@every
def test_both_replay_and_the_program_gets_the_reply_once(provider, url, file, nested, library):
    call = call_of(library)
    with both(tokentape.use_cassette(file), theirs(), nested):
        reply = call(url)
    provider.stop()
    with both(tokentape.use_cassette(file, mode="none"), theirs("none"), nested) as deck:
        assert call(url) == reply
    assert deck.tally.replayed == (library in BELOW)


@every
def test_what_vcrpy_serves_while_we_record(provider, url, file, nested, library):
    """Below our hook it is a server like any other, so a cassette of vcrpy's becomes one of ours."""
    call = call_of(library)
    with theirs():
        reply = call(url)
    provider.stop()
    with both(tokentape.use_cassette(file), theirs("none"), nested) as deck:
        assert call(url) == reply
    assert deck.tally.recorded == (library in BELOW)
