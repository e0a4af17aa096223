"""JSON of stream events: the same with and without the extra."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.protocols.fastjson import _slow_loads, dumps, loads, reads
from tokentape.protocols.unfolding import dumped
from tokentape.wire.jsontext import JsonError, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_both_ways_with_every_writer(value):
    for written in (dumps(value), dumped(value), json.dumps(value).encode()):
        assert loads(written) == _slow_loads(written) == value


@pytest.mark.parametrize(
    "text", ["123456789012345678901234567890", "-0.0", "1E5", '"\\ud800"', '{"a":1,"a":2}']
)
def test_corners_are_read_alike(text):
    assert loads(text.encode()) == _slow_loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "text", ["NaN", '{"a": Infinity}', "1e400", "", "[1", "nul", '"\xff"', "[" * 100_000]
)
def test_what_is_no_json_is_refused_by_both(text):
    for read in (loads, _slow_loads):
        with pytest.raises(JsonError):
            read(text.encode("latin-1"))


def test_lone_surrogates_come_back():
    value = {"said": "\ud800"}
    assert loads(dumps(value)) == value
    assert dumps({"n": 10**40}) == b'{"n":1' + b"0" * 40 + b"}"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b"NaN",
        b"1e400",
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b"9" * 99,
    ],
)
def test_requests_are_read_as_kindly_as_without_the_extra(data):
    assert repr(reads(data)) == repr(parse(data))


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b'"\xff"', b"9" * 5_000])
def test_requests_that_are_no_json_are_refused(data):
    with pytest.raises(JsonError):
        reads(data)
