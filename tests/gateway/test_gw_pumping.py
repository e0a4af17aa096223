"""What becomes of a stream's bytes, without sockets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.gateway.shapes import LONGEST_HELD, Passing
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.wire.eventstream import EventHeader, EventStreamDecoder, encode_message

BROKE = Failure(FailureKind.INCOMPLETE, "it broke")
FRAMES = [encode_message([EventHeader(":event-type", f"e{nth}")], b"{}" * nth) for nth in range(5)]
STREAMS = {
    "text/event-stream": b'event: a\ndata: {"x": 1}\n\ndata: 2\r\n\r\n: note\n\ndata: [DONE]\n\n',
    "application/x-ndjson": b'{"a": 1}\n{"b": 2}\n{"c": 3}\n',
    "application/vnd.amazon.eventstream": b"".join(FRAMES),
    "application/json": b'[{"a": 1},\r\n{"b": 2}]',
}
WORDS = {
    "openai.chat": b'data: {"error":',
    "openai.responses": b"event: error\n",
    "anthropic.messages": b"event: error\n",
    "gemini": b'data: {"error":',
    "ollama": b'{"error":',
    "cohere": b"event: message-end\n",
}


def kind_of(dialect):
    return "application/x-ndjson" if dialect == "ollama" else "text/event-stream"


@pytest.mark.parametrize("kind", STREAMS)
@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_the_bytes_are_the_same_however_they_come(kind, cuts):
    stream, shape = STREAMS[kind], Passing("openai.chat", kind)
    ends = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    out = b"".join(shape.feed(stream[start:end]) for start, end in pairwise(ends))
    assert out + shape.end() == stream


@pytest.mark.parametrize("dialect", WORDS)
@pytest.mark.parametrize("within", [b"", b"data: half an ev", b'{"half'])
def test_it_ends_in_one_event_of_its_dialect(dialect, within):
    kind = kind_of(dialect)
    shape = Passing(dialect, kind)
    whole = b'{"a": 1}\n' if dialect == "ollama" else b"data: 1\n\n"
    assert shape.feed(whole + within) == whole
    told = shape.fail(BROKE)
    assert told.startswith(WORDS[dialect])
    assert b"it broke" in told
    assert told.count(b"\n\n" if kind == "text/event-stream" else b"\n") == 1
    assert shape.ping() == b""  # nothing comes after it


def test_frames_of_aws():
    shape = Passing("bedrock.converse", "application/vnd.amazon.eventstream")
    assert shape.feed(FRAMES[0] + FRAMES[1][:9]) == FRAMES[0]
    (event,) = EventStreamDecoder().feed(shape.fail(BROKE))
    assert event.name == "modelStreamErrorException"


def test_frames_that_are_none():
    shape = Passing("bedrock.converse", "application/vnd.amazon.eventstream")
    assert shape.feed(b"<html>no frames at all</html>") == b"<html>no frames at all</html>"
    assert shape.fail(BROKE) is None


def test_a_number_follows_the_last():
    shape = Passing("openai.responses", "text/event-stream")
    shape.feed(b'data: {"type":"x","sequence_number":41}\n\ndata: {"sequence_number":99')
    assert b'"sequence_number":42' in shape.fail(BROKE)


def test_what_is_held_is_bounded():
    shape = Passing("openai.chat", "text/event-stream")
    piece = b"x" * 10_000
    out = b"".join(shape.feed(piece) for _ in range(20))
    assert len(out) >= 20 * len(piece) - LONGEST_HELD
    assert shape.fail(BROKE) is None
    assert shape.ping() == b""
    assert shape.feed(b"\n\n").endswith(b"\n\n")
    assert shape.fail(BROKE)
