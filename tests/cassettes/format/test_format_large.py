"""A large body goes to the file and back as bytes, and nothing shows that: neither the file nor the result."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import replace

import pytest
from format_calls import JSON, SSE, call, parse, stream, with_id
from hypothesis import given
from hypothesis import strategies as st

from tokentape.cassettes.format import body, large, textform
from tokentape.cassettes.format.layout import pieces, render
from tokentape.errors import CassetteCorrupt, TokentapeWarning

LEAST = 8
BINARY = (("Content-Type", "application/octet-stream"), ("Content-Length", "300"))
BYTES = bytes(range(256)) + b"and so on, as far as it goes: forty-four"
TEXT = st.text(
    st.sampled_from('aé"\\\n\r\t\0\x01\x7f\u2028\u202e\ud83d\ude00 {}[],:"'), min_size=LEAST + 1
).map(lambda text: text.encode("utf-8", "replace"))
BODIES = (
    st.none() | st.binary(max_size=40) | TEXT | st.sampled_from([stream(), BYTES, b'{"a": [1, 2.50]}' * 3])
)


@contextmanager
def limits(shown: int, written: int):
    """Bodies above `shown` bytes are text or base64; those above `written` go the short way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "SHOWN_AT_MOST", shown)
        patch.setattr(large, "SHOWN_AT_MOST", written)
        patch.setattr(textform, "_FOLDED_AT_MOST", 0)
        yield


@given(BODIES, BODIES)
def test_the_short_way_writes_and_reads_what_the_long_way_does(sent, came):
    asked = replace(call().request, body=sent)
    interaction = call(came, BINARY, request=asked)
    with limits(LEAST, 1 << 30):
        block = render(interaction)
        assert parse(block, "") == interaction
    with limits(LEAST, LEAST):
        assert render(interaction) == block
        assert b"".join(pieces(interaction)).decode() == block
        assert parse(block, "") == interaction
        assert parse(with_id(block, "other"), "") == replace(interaction, id="other")


@pytest.mark.parametrize("came", [b"x" * 40, b"y" * 20 + b'\n"\\', "\u00fcber \u202e".encode() * 9, BYTES])
def test_a_large_body_is_cut_out_and_the_rest_is_small(came):
    with limits(LEAST, LEAST):
        block = render(call(came, BINARY, request=replace(call().request, body=BYTES)))
        found = large.cut(block.encode(), 0, len(block.encode()))
    assert (found.sent, found.came) == (BYTES, came)
    assert '{"base64": ""}' in found.text


def test_a_coded_body_and_a_stream_are_read_as_ever():
    gzip = (("Content-Encoding", "gzip"), *SSE)
    for interaction in (call(stream(), SSE), call(b"no gzip at all, so it is base64" * 9, gzip)):
        with limits(LEAST, LEAST):
            assert parse(render(interaction), "") == interaction


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"base64": "AAEC', '"base64": "AA C', "response.body: base64"),
        ('"base64": "AAEC', '"base64": "AAE"C', "not JSON"),
        ('"base64": "AAEC', '"base64": "AAE\\u00e9C', "response.body: base64"),
        ('"base64": "AAEC', '"base64": "=AEC', "response.body: base64"),
        ('"}},\n"response"', '\x01"}},\n"response"', "not JSON: Invalid control character"),
        ('"}},\n"response"', '\\"}},\n"response"', "not JSON"),
        ('"}},\n"response"', '\\ud800"}},\n"response"', "request.body"),
        ('"}},\n"response"', '", "lines": 1}},\n"response"', "a text body has no field 'lines'"),
    ],
)
def test_what_is_wrong_with_a_large_body_is_named_as_ever(old, new, problem):
    with limits(LEAST, LEAST):
        block = render(call(BYTES, BINARY, request=replace(call().request, body=b"what was sent" * 9)))
        assert old in block
        with pytest.raises(CassetteCorrupt) as wrong:
            parse(block.replace(old, new, 1), "tape.json")
    assert problem in str(wrong.value)


def test_an_edited_large_body_wins():
    other = base64.b64encode(BYTES + b"more").decode()
    with limits(LEAST, LEAST):
        block = render(call(BYTES, BINARY)).replace(base64.b64encode(BYTES).decode(), other)
        with pytest.warns(TokentapeWarning, match="edited by hand"):
            response = parse(block, "tape.json").response
    assert response.body == BYTES + b"more"
    assert response.header("content-length") == str(len(response.body))
    assert response.chunks == (len(response.body),)


def test_a_body_that_is_not_the_message_s_own_is_left_alone():
    nested = {"kept": {"request": 1, "body": {"base64": "A" * 60}}}
    with limits(LEAST, LEAST):
        interaction = call(None, JSON, unknown={"later": nested})
        interaction = replace(interaction, response=None)
        assert parse(render(interaction), "") == interaction


@given(st.text("AQg=+/-_ \n\u00e9", max_size=12))
def test_base64_is_read_strictly(text):
    try:
        strict = base64.binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        with pytest.raises(ValueError, match="base64"):
            textform.bytes_of_base64(text)
    else:
        assert textform.bytes_of_base64(text) == strict == textform.bytes_of_base64(text.encode())
