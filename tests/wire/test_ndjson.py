"""One JSON value, one line."""

from __future__ import annotations

import pytest
from fragments import check_laws, places
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.event import decode
from tokentape.wire.ndjson import NdjsonDecoder

tokens = st.sampled_from([b'{"a":1}', b"[", b"]", b"\n", b"\r\n", b"\r", b" ", b"\t", b"12", b'"', b"\xff"])
bodies = st.lists(tokens, max_size=30).map(b"".join)


def told(*pieces: bytes):
    return [event.data for event in decode(NdjsonDecoder(), pieces)]


@given(bodies, places)
def test_no_fragmentation_changes_the_events_and_no_byte_is_lost(body, at):
    check_laws(NdjsonDecoder, body, at)


def test_a_line_is_an_event_and_its_end_is_framing():
    body = b'{"a":1}\n {"b":2} \r\n'
    assert told(body) == [b'{"a":1}', b'{"b":2}']


def test_a_line_is_told_when_it_ends():
    decoder = NdjsonDecoder()
    assert decoder.feed(b'{"a":1}') == []
    assert [event.data for event in decoder.feed(b'\n{"b"')] == [b'{"a":1}']


def test_blank_lines_have_no_data():
    assert told(b"\n1\n\r\n \n2\n") == [None, b"1", None, None, b"2"]


def test_a_last_line_without_newline_is_an_event():
    assert told(b'{"a":1}\n{"b":2}') == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize("tail", [b'{"b":', b'{"b":"\xc3', b"[" * 100_000, b"  "])
def test_R46_a_last_line_that_was_cut_is_none(tail):
    assert told(b'{"a":1}\n' + tail) == [b'{"a":1}', None]


def test_a_line_that_is_not_json_is_passed_on_as_it_is():
    assert told(b"error: overloaded\n") == [b"error: overloaded"]


def test_nothing_gives_nothing():
    assert told() == told(b"") == []


def test_only_new_bytes_are_searched():
    decoder = NdjsonDecoder()
    for _ in range(1000):
        decoder.feed(b"x")
        assert decoder._scanned == len(decoder._buffer)
