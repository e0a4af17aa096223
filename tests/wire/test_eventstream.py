"""The AWS event stream, with botocore's parser as the oracle."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest
from fragments import check_laws, places
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.event import decode
from tokentape.wire.eventstream import (
    EventHeader,
    EventMessage,
    EventStreamDecoder,
    decode_message,
    encode_message,
    starts_message,
)

names = st.text(min_size=1, max_size=20).filter(lambda name: len(name.encode()) <= 255)
INTEGERS = {2: 8, 3: 16, 4: 32, 5: 64, 8: 64}
values = st.one_of(
    st.just((True, 0)),
    st.just((False, 1)),
    *(
        st.tuples(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1), st.just(kind))
        for kind, bits in INTEGERS.items()
    ),
    st.tuples(st.binary(max_size=50), st.just(6)),
    st.tuples(st.text(max_size=50), st.just(7)),
    st.tuples(st.binary(min_size=16, max_size=16), st.just(9)),
)
headers = st.lists(
    st.builds(lambda name, value: EventHeader(name, *value), names, values),
    max_size=6,
    unique_by=lambda header: header.name,
)
messages = st.builds(encode_message, headers, st.binary(max_size=100))


def by_botocore(raw: bytes):
    eventstream = pytest.importorskip("botocore.eventstream")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(raw)
    return [(dict(message.headers), message.payload) for message in buffer]


@given(headers, st.binary(max_size=200))
def test_what_is_written_botocore_reads(given_headers, payload):
    expected = {header.name: header.value for header in given_headers}
    assert by_botocore(encode_message(given_headers, payload)) == [(expected, payload)]


@given(headers, st.binary(max_size=200))
def test_reading_gives_back_what_was_written(given_headers, payload):
    raw = encode_message(given_headers, payload)
    message = decode_message(raw)
    assert message == EventMessage(tuple(given_headers), payload)
    assert encode_message(message.headers, message.payload) == raw


@given(st.lists(messages, max_size=4), st.binary(max_size=20), places)
def test_no_fragmentation_changes_the_events_and_no_byte_is_lost(some, tail, at):
    found = check_laws(EventStreamDecoder, b"".join(some) + tail, at)
    assert [event.raw for event in found[: len(some)]] == some


@given(st.binary(max_size=200), places)
def test_any_bytes_come_through(body, at):
    check_laws(EventStreamDecoder, body, at)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (EventHeader(":event-type", "contentBlockDelta"), "contentBlockDelta"),
        (EventHeader(":exception-type", "throttlingException"), "throttlingException"),
        (EventHeader(":error-code", "InternalError"), "InternalError"),
        (EventHeader(":content-type", "application/json"), None),
        (EventHeader(":event-type", b"bytes", 6), None),
    ],
)
def test_an_event_is_named_by_its_headers(header, name):
    raw = encode_message([header], b"{}")
    (event,) = decode(EventStreamDecoder(), [raw])
    assert (event.raw, event.name, event.data) == (raw, name, b"{}")


GOOD = encode_message([EventHeader(":event-type", "chunk")], b'{"bytes":"aGk="}')


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_always_noticed(at, flip):
    raw = bytearray(GOOD)
    raw[at] ^= flip
    with pytest.raises(ValueError):
        decode_message(bytes(raw))
    found = check_laws(EventStreamDecoder, bytes(raw) + GOOD, [at, len(GOOD)])
    assert found[0].data is None


def test_a_broken_payload_leaves_the_messages_after_it():
    raw = GOOD[:-6] + b"?" + GOOD[-5:]
    assert [event.data for event in decode(EventStreamDecoder(), [raw + GOOD])] == [None, b'{"bytes":"aGk="}']


def test_after_a_broken_prelude_the_rest_is_one_piece():
    raw = GOOD + b"\0" * 12 + GOOD
    assert [event.data for event in decode(EventStreamDecoder(), [raw])] == [b'{"bytes":"aGk="}', None]


def test_a_cut_message_is_no_event():
    (event,) = decode(EventStreamDecoder(), [GOOD[:-1]])
    assert (event.raw, event.data) == (GOOD[:-1], None)


def test_a_message_is_told_with_its_last_byte():
    decoder = EventStreamDecoder()
    assert decoder.feed(GOOD[:-1]) == []
    assert len(decoder.feed(GOOD[-1:])) == 1


def framed(block: bytes, length: int | None = None) -> bytes:
    """A message with these header bytes and good checksums."""
    prelude = struct.pack(">II", 16 + len(block), len(block) if length is None else length)
    raw = prelude + struct.pack(">I", crc32(prelude)) + block
    return raw + struct.pack(">I", crc32(raw))


@pytest.mark.parametrize(
    "block",
    [
        b"\x01",
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07",
        b"\x01a\x07\x00\x05abc",
        b"\x01a\x09abc",
        b"\x01a\x04\x00",
    ],
)
def test_headers_that_cannot_be_read_make_a_message_without_data(block):
    raw = framed(block)
    with pytest.raises(ValueError):
        decode_message(raw)
    assert [event.data for event in decode(EventStreamDecoder(), [raw + GOOD])] == [None, b'{"bytes":"aGk="}']


def test_headers_longer_than_the_message_break_the_stream():
    assert [event.data for event in decode(EventStreamDecoder(), [framed(b"", 1) + GOOD])] == [None]


def test_more_or_less_than_one_message_is_an_error():
    for raw in (b"", GOOD[:8], GOOD[:-1], GOOD + b"x", GOOD + GOOD):
        with pytest.raises(ValueError):
            decode_message(raw)


def test_a_string_that_is_not_utf_8_keeps_its_bytes():
    raw = framed(b"\x01\xff\x07\x00\x02\xff\xfe")
    message = decode_message(raw)
    assert encode_message(message.headers, message.payload) == raw


@pytest.mark.parametrize(
    "header",
    [
        EventHeader("a", 128, 2),
        EventHeader("a", 1 << 63, 5),
        EventHeader("a", "text", 4),
        EventHeader("a", False, 0),
        EventHeader("a", b"short", 9),
        EventHeader("a", "x" * 65536),
        EventHeader("a", 1, 10),
        EventHeader("a", 1, 7),
        EventHeader("n" * 256, "x"),
    ],
)
def test_a_value_its_type_cannot_hold_is_an_error(header):
    with pytest.raises(ValueError, match="header"):
        encode_message([header], b"")


def test_repeated_headers_are_kept_in_order():
    block = [EventHeader("a", "1"), EventHeader("b", "2"), EventHeader("a", "3")]
    message = decode_message(encode_message(block, b""))
    assert message.headers == tuple(block)
    assert message.text("a") == "1"
    assert message.text("c") is None


def test_a_stream_is_known_by_its_prelude():
    assert starts_message(GOOD)
    assert not starts_message(b'{"message": "no stream"}')
    assert not starts_message(b"")
