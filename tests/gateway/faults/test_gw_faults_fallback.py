"""From one upstream to the next: while nothing was shown, and never after."""

from __future__ import annotations

from contextlib import contextmanager

import httpx
import pytest
from fault_kit import ONCE, asks, events, nobody, post, text_of
from gw_tireless import tireless
from running import NO_TAPE, running, upstream

from tokentape.gateway.routing import Router
from tokentape.gateway.services import Setup
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.targets import Group, Target
from tokentape.testing.provider import Provider, Turn
from tokentape.testing.provider.faults import both, cut, joined, late, reset, split, stall
from tokentape.upstreams.retrying import Policy
from tokentape.upstreams.upstream import Times

DIALECTS = ["openai.chat", "anthropic.messages", "gemini"]


@pytest.fixture
def second():
    with Provider(gap=0) as running_:
        running_.answers("Second.", times=None)
        yield running_


@contextmanager
def falling(first, second, dialect="openai.chat", record=NO_TAPE, **policy):
    url = first if isinstance(first, str) else first.url
    ups = (
        upstream(url, dialect, "first", times=Times(first_byte=1.0, stall=1.0)),
        upstream(second.url, "anthropic.messages", "second"),
    )
    group = Group("best", (Target("first/a"), Target("second/b")))
    made = Setup(Router(ups, groups=(group,)), policy=Policy(ONCE, **policy), heartbeat=None)

    with running(made, record=record, prepare=tireless) as gateway:
        yield gateway


BEFORE = {
    "refused": None,
    "stalls": lambda provider: provider.changes(late(None)),
    "stalls after the head": lambda provider: provider.changes(stall(None, at=0)),
    "500": lambda provider: provider.fails(500),
    "429": lambda provider: provider.fails(429, headers={"retry-after": "3600"}),
    "529": lambda provider: provider.fails(529),
    "cut": lambda provider: provider.changes(cut(at=0)),
    "reset": lambda provider: provider.changes(reset(at=0)),
    "cut after its role": lambda provider: provider.changes(cut(after=1)),
    "an error event": lambda provider: provider.fails_midway(after=0),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", BEFORE)
def test_before_anything_shows(provider, second, fault, stream, dialect):
    if not stream and fault in ("an error event", "cut after its role"):
        pytest.skip("of streams only")
    if dialect == "gemini" and fault == "cut after its role":
        pytest.skip("its first event shows something")
    first = provider
    if BEFORE[fault] is None:
        first = nobody()
    else:
        BEFORE[fault](provider)
    with falling(first, second, dialect) as gateway:
        reply = post(gateway, asks(stream=stream, model="best"))
    assert reply.status_code == 200
    text = text_of(reply) if stream else reply.json()["choices"][0]["message"]["content"]
    assert text == "Second."
    assert reply.headers["x-tokentape-upstream"] == "second/b"
    first_try, _, second_try = reply.headers["x-tokentape-attempts"].partition(", ")
    assert first_try.startswith("first/a#none:")
    assert second_try == "second/b#none:200"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "fault", [cut, reset, lambda after: stall(None, after=after)], ids=["cut", "reset", "stall"]
)
def test_after_something_showed(provider, second, dialect, fault):
    provider.answers("One two three four five.", change=fault(after=5))
    with falling(provider, second, dialect) as gateway:
        reply = post(gateway, asks(model="best"))
    assert text_of(reply).startswith("One")
    assert "Second." not in reply.text
    assert "error" in events(reply)[-1]
    assert second.count == 0


def test_one_life_of_a_stream(provider, second):
    """The client hears one beginning, whoever it comes from (no second `message_start`)."""
    provider.fails_midway(after=1)
    with falling(provider, second, "anthropic.messages") as gateway:
        reply = post(gateway, asks(model="best", max_tokens=9), "/v1/messages")
    assert reply.text.count("event: message_start") == 1
    assert "Second." in reply.text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_what_is_the_request_s_own_fault_stops(provider, second, status):
    provider.fails(status, message="Yours.")
    with falling(provider, second) as gateway:
        reply = post(gateway, asks(model="best"))
    assert (reply.status_code, reply.json()["error"]["message"]) == (status, "Yours.")
    assert second.count == 0


def test_a_policy_without_fallback_in_streams(provider, second):
    provider.fails(500, times=2)
    with falling(provider, second, streaming="never") as gateway:
        assert post(gateway, asks(model="best")).status_code == 500
        assert post(gateway, asks(model="best", stream=False)).status_code == 200


def test_the_buffer_of_a_start_is_bounded(provider, second):
    """A beginning that shows nothing, but is long, is shown: nothing is held without bound."""
    long = Turn("word", thinking="")
    pings = b": " + b"z" * 200_000 + b"\n\n"

    def change(script):
        return cut(after=2)(both(joined(), split(100_000))(script.with_body([pings, script.body])))

    provider.answers(long, change=change)
    with falling(provider, second) as gateway, pytest.raises(httpx.RemoteProtocolError):
        post(gateway, asks(model="best"))
    assert second.count == 0


def test_only_what_was_shown_is_on_tape(provider, second, tmp_path):
    provider.fails(500)
    with falling(provider, second, record=RecordOptions(str(tmp_path))) as gateway:
        live = post(gateway, asks(model="best"))
    with falling(nobody(), second, record=RecordOptions(str(tmp_path), mode="none")) as gateway:
        second.stop()
        again = post(gateway, asks(model="best"))
    assert (again.status_code, again.content) == (200, live.content)
    assert "x-tokentape-attempts" not in again.headers
    assert again.headers["x-tokentape-replayed"]
