"""The SSE decoder against the rules of the WHATWG standard, under every fragmentation."""

from __future__ import annotations

import pytest
from fragments import check_laws, places
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder


def events(*pieces: bytes):
    return decode(SseDecoder(), pieces)


def told(*pieces: bytes):
    return [(event.name, event.data) for event in events(*pieces) if event.data is not None]


def standard(body: bytes):
    """The algorithm of the standard, line by line over the whole text: slow, and written apart."""
    text = body.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    found, data, name = [], "", ""
    for line in lines:
        if not line:
            if data:
                found.append((name or None, data[:-1].encode("utf-8", "surrogateescape")))
            data, name = "", ""
            continue
        field, colon, value = line.partition(":")
        value = value[1:] if colon and value[:1] == " " else value
        if field == "data":
            data += value + "\n"
        elif field == "event":
            name = value
    return found


FIELDS = [b"data: ", b"data:", b"data", b"event: a", b"event:", b"id: 7", b"retry: 5", b":c"]
ENDS = [b"\n", b"\n", b"\r\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n"]
OTHERS = [b"x", b" ", b":", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xff"]
tokens = st.sampled_from([*FIELDS, *ENDS, *OTHERS])
bodies = st.lists(tokens, max_size=40).map(b"".join)


@given(bodies, places)
def test_no_fragmentation_changes_the_events_and_no_byte_is_lost(body, places):
    check_laws(SseDecoder, body, places)


@given(bodies)
def test_the_events_are_those_of_the_standard(body):
    if b"\xff" not in body:
        assert told(body) == standard(body)


@given(st.binary(max_size=300), places)
def test_any_bytes_come_through(body, places):
    check_laws(SseDecoder, body, places)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_line_end_alone_makes_one_block_an_event(end):
    first, second = (
        end.join([b"event: a", b"data: 1", b"", b""]),
        end.join([b"data: 2", b"data: 3", b"", b""]),
    )
    assert [(e.raw, e.name, e.data) for e in events(first + second)] == [
        (first, "a", b"1"),
        (second, None, b"2\n3"),
    ]


def test_line_ends_may_be_mixed():
    assert told(b"data: 1\r\n\rdata: 2\n\r\ndata: 3\r\n\n") == [(None, b"1"), (None, b"2"), (None, b"3")]


def test_an_event_ended_by_a_cr_waits_for_its_lf():
    decoder = SseDecoder()
    assert decoder.feed(b"data: 1\r\n\r") == []
    assert [event.raw for event in decoder.feed(b"\nd")] == [b"data: 1\r\n\r\n"]


def test_an_event_is_told_with_the_byte_that_ends_it():
    decoder = SseDecoder()
    assert decoder.feed(b"data: 1\n") == []
    assert [event.data for event in decoder.feed(b"\n")] == [b"1"]


def test_a_stream_that_ends_with_a_cr_has_its_last_event():
    assert told(b"data: 1\r\r") == [(None, b"1")]


def test_a_bom_counts_at_the_start_only():
    assert told(b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n") == [(None, b"1")]
    assert [e.raw for e in events(b"\xef", b"\xbb", b"\xbf\n", b"data: 1\n\n")] == [
        b"\xef\xbb\xbf\n",
        b"data: 1\n\n",
    ]


def test_utf_8_split_over_pieces_is_put_together():
    assert told(b"data: caf\xc3", b"\xa9\n\n") == [(None, b"caf\xc3\xa9")]


def test_invalid_utf_8_keeps_its_bytes():
    assert told(b"event: \xff\ndata: \xff\xfe\n\n") == [("\ufffd", b"\xff\xfe")]


def test_comments_and_blank_lines_are_kept_and_are_no_events():
    found = events(b": ping\n\n\ndata: 1\n\n")
    assert [(event.raw, event.data) for event in found] == [
        (b": ping\n\n", None),
        (b"\n", None),
        (b"data: 1\n\n", b"1"),
    ]


def test_a_block_without_data_is_no_event():
    assert told(b"event: ping\nid: 3\n\nretry: 10\n\n") == []


@pytest.mark.parametrize("line", [b"data", b"data:", b"data: "])
def test_empty_data_is_an_event(line):
    assert told(line + b"\n\n") == [(None, b"")]


def test_one_space_after_the_colon_is_framing_and_the_second_is_data():
    assert told(b"data:  a \n\ndata:b\n\n") == [(None, b" a "), (None, b"b")]


def test_an_empty_event_field_names_nothing():
    assert told(b"event: a\nevent:\ndata: 1\n\n") == [(None, b"1")]


def test_ids_are_read_unless_they_hold_nul():
    assert [event.id for event in events(b"id: 7\ndata: 1\n\nid: a\0\ndata: 1\n\n")] == ["7", None]


@pytest.mark.parametrize("tail", [b"data: 1", b"data: 1\n", b"data: 1\r", b"da"])
def test_R46_a_block_that_no_blank_line_ended_is_no_event(tail):
    assert [(event.raw, event.data) for event in events(b"data: 0\n\n" + tail)][1:] == [(tail, None)]


def test_a_field_name_is_matched_exactly():
    assert told(b"Data: 1\n\n data: 2\n\ndatax: 3\n\n") == []


def test_a_large_event_in_small_pieces_comes_out_whole():
    body = b"data: " + b"x" * 1_000_000 + b"\r\n\r\n"
    found = events(*(body[at : at + 100] for at in range(0, len(body), 100)))
    assert [len(event.data or b"") for event in found] == [1_000_000]


def test_each_byte_is_looked_at_a_bounded_number_of_times():
    """Linear by construction: the search begins where the last one ended, whatever the pieces are."""
    decoder = SseDecoder()
    for _ in range(1000):
        decoder.feed(b"x")
        assert len(decoder._buffer) - decoder._scanned <= 1
    decoder.feed(b"\r")
    for _ in range(1000):
        decoder.feed(b"y")
        assert len(decoder._buffer) - decoder._scanned <= 1
