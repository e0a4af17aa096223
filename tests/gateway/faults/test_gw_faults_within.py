"""Upstreams that fail when output was shown already: an error event of the client's dialect, once, and an end.

What the client got is what is on tape, so it is replayed so.
"""

from __future__ import annotations

import httpx
import pytest
from fault_kit import AGAIN, WAYS, asks, events, post, recordings, stood, text_of

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Script, Send, SendHead, Turn
from tokentape.testing.provider.faults import both, cut, joined, reset, split, stall
from tokentape.testing.provider.script import Framing
from tokentape.upstreams.upstream import Times
from tokentape.wire.interaction import How

EACH = pytest.mark.parametrize("way", WAYS)
FAULTS = {"cut": cut, "reset": reset}


@EACH
@pytest.mark.parametrize("fault", FAULTS)
def test_it_breaks_off_between_two_events(stand, provider, way, fault):
    gateway = stand(way, retry=AGAIN)
    provider.answers("One two three four.", change=FAULTS[fault](after=4))
    reply = post(gateway, asks())
    assert reply.status_code == 200
    assert text_of(reply).startswith("One")
    assert [event for event in events(reply) if "error" in event] == [events(reply)[-1]]
    assert "broke off" in events(reply)[-1]["error"]["message"]
    assert "[DONE]" not in reply.text
    assert provider.count == 1  # what was shown cannot be taken back


@EACH
def test_it_breaks_off_within_an_event(stand, provider, way):
    """The beginning of an event is dropped: what came before it is whole, and so is the error."""
    gateway = stand(way)
    script = both(joined(), split(170, 0.02), cut(after=6))
    provider.answers("One two three four five six seven.", change=script)
    reply = post(gateway, asks())
    assert "error" in events(reply)[-1]
    assert "[DONE]" not in reply.text


@EACH
def test_it_stalls(stand, provider, way):
    gateway = stand(way, times=Times(stall=1.5))
    provider.answers("One two three four.", change=stall(None, after=4))
    reply = post(gateway, asks())
    assert text_of(reply).startswith("One")
    assert "nothing came for 1.5 seconds" in events(reply)[-1]["error"]["message"]


@EACH
def test_it_takes_too_long_in_all(stand, provider, way):
    """However lively it is."""
    gateway = stand(way, times=Times(total=0.5, stall=30))
    provider.answers("On and on " * 400, change=lambda script: Script(slower(script)))
    reply = post(gateway, asks())
    assert "longer than" in events(reply)[-1]["error"]["message"]


def slower(script):
    for step in script:
        yield Send(step.data, 0.01) if isinstance(step, Send) else step


@EACH
def test_an_error_event_first(stand, provider, way):
    """Nothing was shown: another try may do."""
    gateway = stand(way, retry=AGAIN)
    provider.fails_midway(after=0, status=500)
    provider.answers("Better.")
    reply = post(gateway, asks())
    assert (reply.status_code, text_of(reply)) == (200, "Better.")
    assert reply.headers["x-tokentape-attempts"] == "up/m#none:500, up/m#none:200"


@EACH
def test_an_error_event_first_and_last(provider, tmp_path, way):
    provider.fails_midway(after=0, status=500, message="Never.")
    with stood(way, provider, tmp_path / "tapes") as gateway:
        reply = post(gateway, asks())
        assert reply.status_code == 500
        assert reply.json()["error"]["message"] == "Never."
    if way == "recorded":
        (taped,) = recordings(tmp_path / "tapes")
        assert (taped.response.status, taped.response.body) == (500, reply.content)


@EACH
def test_a_role_is_no_output(stand, provider, way):
    """Frames of the stream's life show nothing."""
    gateway = stand(way, retry=AGAIN)
    provider.fails_midway(after=1, status=500)
    provider.answers("Better.")
    reply = post(gateway, asks())
    assert text_of(reply) == "Better."
    assert (
        sum(1 for event in events(reply) for one in event.get("choices", ()) if "role" in one["delta"]) == 1
    )


@EACH
def test_an_error_event_amid(stand, provider, way):
    gateway = stand(way, retry=AGAIN)
    provider.fails_midway(after=4, status=500, message="Broken.")
    reply = post(gateway, asks())
    assert (reply.status_code, provider.count) == (200, 1)
    assert "Broken." in events(reply)[-1]["error"]["message"]
    assert len([event for event in events(reply) if "error" in event]) == 1
    assert not any(one.get("finish_reason") for event in events(reply) for one in event.get("choices", ()))


@EACH
def test_an_event_of_a_megabyte(stand, provider, way):
    gateway = stand(way)
    long = "x" * 1_048_576
    provider.answers(f"a {long} z")
    reply = post(gateway, asks())
    assert text_of(reply) == f"a {long} z"


def test_no_stream_at_all(stand, provider):
    """An answer in JSON to a call that asked for a stream is translated into one."""
    gateway = stand("translated")
    body = (
        b'{"id":"msg_1","type":"message","role":"assistant","model":"m","stop_reason":"end_turn",'
        b'"content":[{"type":"text","text":"All at once."}],"usage":{"input_tokens":1,"output_tokens":3}}'
    )
    head = SendHead(200, (("content-type", "application/json"),), framing=Framing.LENGTH)
    provider.play(Script.of(head, Send(body)))
    reply = post(gateway, asks())
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert text_of(reply) == "All at once."


@pytest.mark.parametrize(
    "garbage", [b"data: {nope\n\n", b'data: {"type": "content_block_delta"}\n\n', b"\xff\n\n"]
)
def test_a_stream_that_is_none(stand, provider, garbage):
    gateway = stand("translated", retry=AGAIN)
    head = SendHead(200, (("content-type", "text/event-stream"),), framing=Framing.CHUNKED)
    provider.play(Script.of(head, Send(garbage)), times=3)
    reply = post(gateway, asks())
    assert reply.status_code in (500, 502)
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize("fault", ["cut", "error"])
def test_it_is_replayed_as_it_was(provider, tmp_path, fault):
    root = tmp_path / "tapes"
    if fault == "cut":
        provider.answers("One two three four.", change=cut(after=4))
    else:
        provider.fails_midway(after=4)
    with stood("recorded", provider, root) as gateway:
        live = post(gateway, asks())
    (taped,) = recordings(root)
    assert taped.response.body == live.content
    assert taped.ended.how is How.EOF  # the gateway ended what the upstream did not
    with stood("same", "http://127.0.0.1:9", root, record=RecordOptions(str(root), mode="none")) as gateway:
        again = post(gateway, asks())
    assert again.content == live.content


def test_a_connection_that_was_cut_is_cut_again(provider, tmp_path):
    """In the middle of an event that is too long to wait for, nothing can be told: the connection ends."""
    root = tmp_path / "tapes"
    provider.answers(Turn("word " + "y" * 400_000), change=both(joined(), split(100_000, 0.02), cut(after=3)))
    with stood("recorded", provider, root) as gateway, pytest.raises(httpx.RemoteProtocolError):
        post(gateway, asks())
    (taped,) = recordings(root)
    assert taped.ended.how is How.CUT
    with stood("same", "http://127.0.0.1:9", root, record=RecordOptions(str(root), mode="none")) as gateway:
        with pytest.raises(httpx.RemoteProtocolError):
            post(gateway, asks())


def test_a_cut_is_no_traceback_in_the_log(provider, tmp_path, capfd):
    provider.answers(Turn("y" * 400_000), change=both(joined(), split(100_000, 0.02), cut(after=3)))
    with stood("same", provider, tmp_path) as gateway, pytest.raises(httpx.RemoteProtocolError):
        post(gateway, asks())
    assert "Traceback" not in "".join(capfd.readouterr())
