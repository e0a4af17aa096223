"""The corners of single forms."""

from __future__ import annotations

import json

import pytest
from format_calls import SSE, call, parse, sample_bodies
from hypothesis import given
from hypothesis import strategies as st

from tokentape.cassettes.format.body import restore, show
from tokentape.cassettes.format.escapes import HIDDEN
from tokentape.cassettes.format.layout import render
from tokentape.cassettes.format.patch import LONGEST, difference, patched
from tokentape.cassettes.format.styles import read
from tokentape.errors import TokentapeWarning
from tokentape.wire.eventstream import EventHeader, decode_message, encode_message

AWS = (("Content-Type", "application/vnd.amazon.eventstream"),)
HEADERS = (EventHeader(":event-type", "delta"), EventHeader(":message-type", "event"))


def test_event_stream_messages_are_shown_by_their_headers_and_payload():
    headers = (
        *HEADERS,
        EventHeader("on", True, 0),
        EventHeader("off", False, 1),
        EventHeader("n", 7, 4),
        EventHeader("raw", b"\x01", 6),
        EventHeader("odd", "\udcff", 7),
    )
    body = encode_message(headers, b'{"text":"Paris" }') + encode_message(HEADERS, b"")
    form = show(body)
    shown = {":event-type": "delta", ":message-type": "event"}
    more = {"on": True, "off": False, "n": [4, 7], "raw": [6, "AQ=="], "odd": "\udcff"}
    assert form == {
        "aws_events": [[{**shown, **more}, {"text": "Paris"}, [[-1, " "]]], [shown]],
        "style": "compact",
    }
    assert restore(json.loads(json.dumps(form))) == body


def test_what_cannot_be_shown_of_an_event_stream_is_base64_by_message():
    good = encode_message(HEADERS, b'{"a":1}')
    twice = encode_message((*HEADERS, *HEADERS), b'{"a":1}')
    binary = encode_message(HEADERS, b"\xff")
    words = encode_message(HEADERS, b"words")
    body = good + twice + binary + words + good[:20]
    kinds = [type(event).__name__ for event in show(body)["aws_events"]]
    assert kinds == ["list", "dict", "dict", "dict", "dict"]
    assert restore(show(body)) == body
    assert list(show(binary)) == ["base64"]


@given(
    st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4), st.text(max_size=6)), max_size=4),
    st.binary(max_size=4),
)
def test_any_event_stream_is_given_back(messages, tail):
    body = b"".join(
        encode_message([EventHeader(name, value)], json.dumps(text).encode())
        for name, value, text in messages
    )
    assert restore(show(body + tail)) == body + tail


def test_an_edited_event_stream_is_valid_and_cut_by_messages():
    body = encode_message(HEADERS, b'{"text":"Paris"}') * 2
    with pytest.warns(TokentapeWarning):
        response = parse(render(call(body, AWS)).replace("Paris", "Reykjavik", 1), "").response
    pieces = list(response.pieces())
    assert [decode_message(piece).payload for piece in pieces] == [
        b'{"text":"Reykjavik"}',
        b'{"text":"Paris"}',
    ]


def test_an_edited_body_that_is_emptied_has_no_chunks():
    with pytest.warns(TokentapeWarning):
        response = parse(render(call(b"words")).replace('{"text": "words"}', '""'), "").response
    assert (response.body, response.chunks) == (b"", ())


@pytest.mark.parametrize(
    "body",
    [
        b"--",
        b"--b\r\n",
        b"--b\r\nno head\r\n--b--",
        b"--b\r\na: b\r\n\r\nx\r\n--b--",
        b"--b\r\na: b\r\n\r\nx\r\n--b--\r\nepilogue",
        b"--b\r\na: \xff\r\n\r\nx\r\n--b--\r\n",
        b"--\xff\r\na: b\r\n\r\nx\r\n--\xff--\r\n",
        b"preamble\r\n--b\r\na: b\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\na: b\r\n\r\n\r\n--b\r\n\r\n\r\n\r\n--b--\r\n",
    ],
)
def test_what_is_nearly_multipart_is_exact(body):
    assert restore(show(body, "multipart/form-data")) == body


def test_the_mark_that_splits_a_stream_may_occur_in_it():
    body = b'data: ["\\u0000tokentape\\u0000"]\n\ndata: [1,"\\u0000tokentape\\u0000",2]\n\n'
    form = show(body, "text/event-stream")
    assert form["sse"][0] == [["\0tokentape\0"]]
    assert restore(form) == body
    assert parse(render(call(body, SSE)), "").response.body == body


def test_lines_that_are_not_utf8_stay_apart_from_those_that_are():
    body = b'{"a":0}\n{"a":1}\n{"a":"\xff"}\n{"a":2}'
    assert show(body, "application/x-ndjson")["ndjson"] == [
        [{"a": 0}],
        [{"a": 1}],
        {"base64": "eyJhIjoi/yJ9Cg=="},
        '{"a":2}',
    ]
    assert restore(show(body, "application/x-ndjson")) == body


def test_a_stream_of_windows_lines_says_so():
    body = b'{"a":1}\r\n{"a":2}\r\n'
    assert show(body) == {"ndjson": [[{"a": 1}], [{"a": 2}]], "style": "compact", "nl": "\r\n"}
    assert restore(show(body)) == body


def test_names_after_the_data_are_a_matter_of_the_stream():
    body = b'data: {"a":1}\nevent: x\n\ndata: {"a":2}\nevent: y\n\ndata: {"a":3}\n\n'
    assert show(body, "text/event-stream") == {
        "sse": [["x", {"a": 1}], ["y", {"a": 2}], [{"a": 3}]],
        "name": "after",
        "style": "compact",
    }
    assert parse(render(call(body, SSE)), "").response.body == body


@given(st.text('{}[]",: \n1a\\', max_size=20), st.text('{}[]",: \n1a\\', max_size=20))
def test_a_patch_leads_where_it_says_or_nowhere(styled, actual):
    try:
        value = read(actual)
    except ValueError:
        return
    patch = difference(styled, actual)
    if patch is not None:
        assert patched(styled, patch, value) in (styled, actual)


@pytest.mark.parametrize(
    "patch",
    [[[9, " "]], [[3, " "], [1, " "]], [[2, "x", "q"]], [[1, '"b":1,']], [[-1, "x"]], [[-1, " "], [-1, " "]]],
)
def test_a_patch_that_does_not_fit_is_let_go(patch):
    assert patched('{"a":1}', patch, {"a": 1}) in ('{"a":1}', '{"a":1  }')
    assert read(patched('{"a":1}', patch, {"a": 1})) == {"a": 1}


def test_long_texts_are_not_compared():
    assert difference("[" + "1," * LONGEST + "1]", "[" + "1 ," * LONGEST + "1]") is None


def test_texts_with_too_many_oddities_are_shown_as_text():
    body = b"[" + b" 1 ," * 200 + b"1]"
    assert list(show(body)) == ["text"]


def test_every_body_of_the_samples_goes_through_a_block(recwarn):
    for origin, headers, body in sample_bodies():
        block = render(call(body, headers))
        found = parse(block, "")
        assert found.response.body == body, origin
        assert render(found) == block, origin
        assert HIDDEN.search(block) is None, origin
    assert not recwarn.list
