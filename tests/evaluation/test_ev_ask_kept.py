"""What is kept of an answer, and what never is."""

from __future__ import annotations

import pytest

pytest.importorskip("aiohttp")

from ev_asking import Migration, questions, target, text_of

from tokentape import outcomes
from tokentape.cassettes.stores.directory import DirectoryStore
from tokentape.cassettes.stores.memory import MemoryJournal, MemoryStore
from tokentape.errors import CassetteError
from tokentape.outcomes import Forward
from tokentape.testing.provider import Provider
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.upstream import Candidate, Credential, Secret, Upstream
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

KEY = "a-key-of-no-known-shape-4711"


@pytest.fixture
def provider():
    with Provider() as found:
        yield found


def keyed(provider):
    upstream = Upstream(
        "up", "openai.chat", f"{provider.url}/v1", HeaderKey(), (Credential("key1", Secret(KEY)),)
    )
    return Candidate(upstream, "gpt-4o-mini")


def on_disk(place):
    return b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())


def test_no_key_is_kept_also_where_a_model_says_it(provider, tmp_path):
    provider.answers(f"Your key is {KEY}.")
    ran = Migration(DirectoryStore(tmp_path), keyed(provider), concurrency=1)(questions(2))
    assert provider.requests[0].header("authorization") == f"Bearer {KEY}"
    assert KEY in text_of(ran.answers[0].reply)
    assert b"Your key is" in on_disk(tmp_path)
    assert KEY.encode() not in on_disk(tmp_path)
    again = Migration(DirectoryStore(tmp_path), keyed(provider))(questions(2))
    assert provider.count == 2
    assert len(again.answers) == 2


def test_no_error_tells_a_key(provider):
    provider.fails(401, message=f"{KEY} is wrong.", times=None)
    ran = Migration(MemoryStore(), keyed(provider), concurrency=1)(questions(2))
    for found in ran.results.values():
        assert "is wrong." in found.reason
        assert KEY not in repr(found)


class Full(MemoryStore):
    """A store without room."""

    def journal(self, name, *, rules="", replaces=False):
        return FullJournal()


class FullJournal(MemoryJournal):
    def append(self, interaction):
        raise CassetteError("answers", "no space is left")


def test_a_target_is_given_up_where_nothing_can_be_kept(provider):
    ran = Migration(Full(), target(provider), concurrency=1)(questions(10))
    progress = ran.progress["up/gpt-4o-mini"]
    assert (progress.asked, progress.unkept, progress.left) == (3, 3, 7)
    assert "could not be kept" in progress.over
    assert "no space is left" in str(ran.troubles[0])
    assert provider.count == 3


def test_times_count_from_the_try_that_brought_the_answer(monkeypatch):
    now, kept = 100.0, []
    monkeypatch.setattr(outcomes.time, "perf_counter", lambda: now)
    forward = Forward(
        Request("POST", "http://up.test/v1"), 1.0, lambda forward, interaction: kept.append(interaction)
    )
    now += 5
    forward.sent()
    forward.start(200, "OK", ())
    forward.chunk(b"bro")
    now += 30
    forward.sent()
    assert forward.is_pending
    assert forward.so_far() is None
    now += 0.25
    forward.start(200, "OK", ())
    now += 0.5
    forward.chunk(b"whole")
    forward.end(How.EOF)
    (found,) = kept
    assert (found.response.body, found.timing.head_ms, found.timing.chunk_ms) == (b"whole", 250, (500,))
