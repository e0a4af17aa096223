"""Views of a body: type, charset, coding, events; headers that fit a new body."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.body import (
    charset,
    content_encoding,
    decoded_body,
    decoder_for,
    events_of,
    fitted,
    media_type,
)
from tokentape.wire.eventstream import EventHeader, EventStreamDecoder, encode_message
from tokentape.wire.message import Request, Response
from tokentape.wire.ndjson import NdjsonDecoder
from tokentape.wire.sse import SseDecoder

PLAIN = b'{"error": {"message": "caf\xc3\xa9"}}'


def reply(body, coding=None, media=None, decoded=None):
    fields = [("Content-Type", media), ("Content-Encoding", coding)]
    return Response(200, headers=tuple(field for field in fields if field[1]), body=body, decoded=decoded)


@pytest.mark.parametrize(
    ("value", "media", "encoding"),
    [
        ("application/json", "application/json", ""),
        ("Application/JSON; charset=UTF-8", "application/json", "utf-8"),
        ("text/event-stream;charset=utf-8", "text/event-stream", "utf-8"),
        ('text/plain; x="a;charset=b"; Charset="ISO-8859-1"', "text/plain", "iso-8859-1"),
        ("", "", ""),
    ],
)
def test_the_type_and_its_charset(value, media, encoding):
    headers = (("content-TYPE", value),)
    assert (media_type(headers), charset(headers)) == (media, encoding)


def test_no_type_is_the_empty_type():
    assert media_type(()) == charset(()) == ""


def test_codings_may_be_spread_over_fields():
    headers = (("Content-Encoding", "GZIP"), ("content-encoding", "identity, br"))
    assert content_encoding(headers) == "gzip, br"
    assert content_encoding((("Content-Encoding", "identity"),)) == ""
    assert content_encoding(()) == ""


@pytest.mark.parametrize("body", [None, b"", PLAIN])
def test_a_body_without_coding_is_itself(body):
    assert decoded_body(reply(body)) == decoded_body(Request("POST", "http://a/", body=body)) == body


def test_no_body_has_no_view_whatever_the_header_says():
    assert decoded_body(reply(None, "gzip")) is None
    assert decoded_body(reply(b"", "gzip")) == b""


CODED = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
}


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("body", [PLAIN, b"", b"\0binary\xff"])
def test_R55_a_coded_body_is_decoded(coding, body):
    assert decoded_body(reply(CODED[coding](body), coding)) == body
    request = Request("POST", "http://a/", (("content-encoding", coding),), CODED[coding](body))
    assert decoded_body(request) == body


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "br, gzip", "dcb"])
def test_a_plain_body_under_a_lying_header_is_itself(coding):
    assert decoded_body(reply(PLAIN, coding)) == PLAIN


def test_a_plain_picture_under_a_gzip_header_is_itself():
    assert decoded_body(reply(b"\x89PNG\r\n\x1a\n\0\0", "gzip")) == b"\x89PNG\r\n\x1a\n\0\0"


def test_bytes_that_nobody_can_read_have_no_view():
    assert decoded_body(reply(b"\xff\xfe\0\1", "dcb")) is None
    assert decoded_body(reply(b"\x1f\x8b\x08\0 broken", "gzip")) is None


def test_the_view_in_the_file_serves_where_decoding_fails():
    assert decoded_body(reply(b"\xff\xfe\0\1", "dcb", decoded=b"shown")) == b"shown"
    assert decoded_body(reply(gzip.compress(b"true"), "gzip", decoded=b"other")) == b"true"


def test_R46_a_compressed_stream_left_at_its_last_event_is_read_to_there():
    member = zlib.compressobj(wbits=31)
    body = member.compress(b"data: 1\n\ndata: [DONE]\n\n") + member.flush(zlib.Z_SYNC_FLUSH)
    response = reply(body, "gzip", "text/event-stream")
    assert decoded_body(response) == b"data: 1\n\ndata: [DONE]\n\n"
    assert [event.data for event in events_of(response)] == [b"1", b"[DONE]"]


@pytest.mark.parametrize(
    ("media", "decoder"),
    [
        ("text/event-stream", SseDecoder),
        ("application/x-ndjson", NdjsonDecoder),
        ("application/jsonl", NdjsonDecoder),
        ("application/stream+json", NdjsonDecoder),
        ("application/vnd.amazon.eventstream", EventStreamDecoder),
    ],
)
def test_the_decoder_goes_by_the_type(media, decoder):
    first, second = decoder_for(media), decoder_for(media)
    assert isinstance(first, decoder)
    assert first is not second


@pytest.mark.parametrize("media", ["", "application/json", "text/plain", "audio/mpeg"])
def test_other_types_are_no_streams(media):
    assert decoder_for(media) is None


def test_R54_an_event_stream_is_read_by_type_or_look():
    body = encode_message([EventHeader(":event-type", "chunk")], b"{}")
    for media in ("application/vnd.amazon.eventstream", None):
        assert [(event.name, event.data) for event in events_of(reply(body, media=media))] == [
            ("chunk", b"{}")
        ]


@pytest.mark.parametrize("media", [None, "text/plain", "application/json"])
@pytest.mark.parametrize("body", [b"data: 1\n\n", b"event: a\r\ndata: 1\r\n\r\n", b": hi\n\ndata: 1\n\n"])
def test_sse_under_a_wrong_type_is_known_by_its_look(media, body):
    assert [event.data for event in events_of(reply(body, media=media)) if event.data] == [b"1"]


def test_a_json_array_gives_its_elements():
    found = events_of(reply(b'[{"a":1}\n,{"b":2}]', media="application/json"))
    assert [event.data for event in found if event.data] == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize("body", [None, b"", PLAIN, b"plain text", b"\xff\xd8\xff"])
def test_a_reply_that_is_no_stream_has_no_events(body):
    assert events_of(reply(body, media="application/json")) == []


def test_pictures_and_sound_are_not_looked_at():
    assert events_of(reply(b"[1,2]", media="audio/mpeg")) == []


@given(st.binary(max_size=200), st.sampled_from([None, "gzip", "br", "deflate", "zstd", "br, gzip"]))
def test_no_body_crashes_the_views(body, coding):
    response = reply(body, coding, "text/event-stream")
    view = decoded_body(response)
    assert b"".join(event.raw for event in events_of(response)) == (view or b"")


HEADERS = (("Content-Type", "a/b"), ("content-length", "7"), ("Content-Encoding", "gzip"), ("X-A", "1"))


def test_a_stated_length_becomes_the_length():
    assert fitted(HEADERS, b"12345") == (HEADERS[0], ("content-length", "5"), *HEADERS[2:])


def test_a_coding_that_was_taken_off_leaves_the_headers():
    assert fitted(HEADERS, b"12345", decoded=True) == (HEADERS[0], ("content-length", "5"), HEADERS[3])


def test_a_length_that_was_not_stated_is_not_added():
    assert fitted((("Transfer-Encoding", "chunked"),), b"x") == (("Transfer-Encoding", "chunked"),)
    assert fitted((("Content-Length", "9"),), None) == (("Content-Length", "0"),)
