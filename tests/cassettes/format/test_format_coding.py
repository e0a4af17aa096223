"""Compressed bodies: the view is shown, the wire is kept, an edited view wins."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from format_calls import SSE, call, parse, stream

from tokentape.cassettes.format import coding
from tokentape.cassettes.format.layout import render
from tokentape.errors import TokentapeWarning
from tokentape.wire.body import decode_content
from tokentape.wire.message import Response

GZIP = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", "0"))
VIEW = b'{"answer":"Paris"}'
BODY = gzip.compress(VIEW, mtime=0)


def test_the_view_is_shown_and_the_bytes_are_kept():
    block = render(call(BODY, GZIP))
    assert '{"answer": "Paris"}' in block
    response = parse(block, "").response
    assert response.body == BODY
    assert response.decoded == VIEW


def test_a_compressed_stream_is_shown_event_by_event():
    headers = (*SSE, ("content-encoding", "gzip"))
    body = gzip.compress(stream(), mtime=0)
    block = render(call(body, headers))
    assert '\n    [{"id": "c", "choices": [{"delta": {"content": "w1 "}}]}],\n' in block
    assert parse(block, "").response.body == body
    assert parse(block, "").response.decoded == stream()


def test_the_file_serves_where_the_codec_is_missing(monkeypatch):
    block = render(call(BODY, GZIP))
    monkeypatch.setattr(coding, "decode_content", lambda body, encoding: None)
    interaction = parse(block, "")
    assert interaction.response.decoded == VIEW
    assert render(interaction) == block, "the view that the file showed is shown again"


def test_what_cannot_be_decoded_is_kept_as_it_is(monkeypatch):
    monkeypatch.setattr(coding, "decode_content", lambda body, encoding: None)
    interaction = parse(render(call(BODY, GZIP)), "")
    assert interaction.response.body == BODY
    assert interaction.response.decoded is None


def test_a_plain_body_that_says_gzip_is_shown_plain():
    block = render(call(VIEW, GZIP))
    assert '"encoding"' not in block
    assert parse(block, "").response.body == VIEW


def test_an_edited_view_wins_and_its_lengths_are_mended():
    edited = render(call(BODY, GZIP)).replace('"Paris"', '"Rome, of course"')
    with pytest.warns(TokentapeWarning, match="edited by hand"):
        response = parse(edited, "tape.json", lambda: 3).response
    assert decode_content(response.body, "gzip") == b'{"answer":"Rome, of course"}'
    assert response.decoded == b'{"answer":"Rome, of course"}'
    assert response.header("content-length") == str(len(response.body))
    assert response.chunks == (len(response.body),)


def test_an_edited_view_in_an_unknown_coding_is_served_without_it():
    block = render(call(BODY, GZIP)).replace('"encoding": "gzip"', '"encoding": "rot13"')
    with pytest.warns(TokentapeWarning):
        response = parse(block.replace("Paris", "Rome"), "").response
    assert response.body == b'{"answer":"Rome"}'
    assert response.header("content-encoding") is None
    assert response.header("content-length") == "17"


def test_an_edited_request_body_is_encoded_again():
    interaction = call()
    request = type(interaction.request)("POST", "http://x", GZIP, BODY)
    edited = render(call(request=request)).replace("Paris", "Rome")
    found = parse(edited, "").request
    assert decode_content(found.body, "gzip") == b'{"answer":"Rome"}'
    assert found.header("content-length") == str(len(found.body))


def test_an_empty_view_is_a_view():
    body = gzip.compress(b"", mtime=0)
    response = parse(render(call(body, GZIP)), "").response
    assert (response.body, response.decoded) == (body, b"")


def test_stacked_codings_are_undone_in_turn():
    twice = gzip.compress(BODY, mtime=0)
    headers = (("Content-Encoding", "gzip"), ("Content-Encoding", "GZIP"))
    response = Response(200, "OK", headers, twice, (len(twice),))
    assert parse(render(call(response=response)), "").response.decoded == VIEW


@pytest.mark.parametrize("field", ['"encoding": 3', '"encoding": null'])
def test_an_encoding_that_is_none_is_named(field):
    block = render(call(BODY, GZIP)).replace('"encoding": "gzip"', field)
    with pytest.raises(Exception, match=r"field response\.body: encoding is the name of a coding"):
        parse(block, "")


def test_the_digest_is_the_views():
    assert coding.body_form(BODY, GZIP)["view_sha256"] == hashlib.sha256(VIEW).hexdigest()
