"""JSON that bites: whatever would not come back is noticed, and nothing crashes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.jsontext import COMPACT, STYLES, JsonError, dump, is_json, is_lossless, parse, style_of

texts = st.text(alphabet=st.characters(), max_size=10) | st.sampled_from(
    ["\ud800", "a\udfff", "\u2028", "\x00"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


@given(values, st.sampled_from(STYLES))
def test_what_a_style_wrote_that_style_writes_again(value, style):
    data = dump(value, style)
    read = parse(data)
    found = style_of(data, read)
    assert found is not None
    assert dump(read, found) == data


@given(st.binary(max_size=100) | st.text(alphabet='{}[]",:\\ue1.-+N0 \n', max_size=30).map(str.encode))
def test_any_bytes_are_read_or_refused_and_come_back_or_are_noticed(data):
    try:
        value = parse(data)
    except JsonError:
        assert not is_json(data)
        return
    assert is_json(data)
    style = style_of(data, value)
    assert style is None or dump(value, style) == data
    is_lossless(data)


NOT_COMING_BACK = [
    b'{"a":1,"a":2}',
    b"1e400",
    b"-1e400",
    b"1.50",
    b"1E5",
    b"1.0000000000000000001",
    b"-0.0e0",
    rb'"\/"',
    rb'"\u00E9"',
    rb'"\u0041"',
    b'{"a" :1}',
    b"\xef\xbb\xbf{}",
    '{"a":1}'.encode("utf-16"),
    b'{"a":1}\n',
]


@pytest.mark.parametrize("data", NOT_COMING_BACK)
def test_bytes_that_would_not_come_back_are_noticed(data):
    assert style_of(data, parse(data)) is None


COMING_BACK = [
    b"NaN",
    b"[Infinity,-Infinity]",
    b"123456789012345678901234567890",
    rb'{"a":"\ud800"}',
    b'"\xed\xa0\x80"',
    b'{"caf\xc3\xa9": 1, "b": [1, 2]}',
    rb'{"caf\u00e9": 1}',
    b'{\n  "a": [\n    1\n  ]\n}',
    b'{\n\t"a": {}\n}',
    b"null",
    b"-0.0",
]


@pytest.mark.parametrize("data", COMING_BACK)
def test_bytes_that_come_back_have_a_style(data):
    value = parse(data)
    style = style_of(data, value)
    assert style is not None
    assert dump(value, style) == data


def test_the_compact_style_is_what_most_servers_write():
    assert style_of(b'{"a":[1,2]}', {"a": [1, 2]}) == COMPACT


BROKEN = [
    b"",
    b"{",
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"9" * 5000,
    b"01",
    b"nan",
    b"{} {}",
    b'"\n"',
]


@pytest.mark.parametrize("data", BROKEN)
def test_what_is_not_json_or_too_much_is_one_error(data):
    with pytest.raises(JsonError):
        parse(data)
    with pytest.raises(JsonError):
        is_lossless(data)
    assert not is_json(data)


def test_a_value_too_deep_to_write_is_an_error_and_has_no_style():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(JsonError):
        dump(value)
    assert style_of(b"[[]]", value) is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'[{"b":{"a":1,"a":2}}]',
        b"1e400",
        b"NaN",
        b"-Infinity",
        b"0.1000000000000000000001",
        b"1e-999",
        b"1e99999999999999999999",
    ],
)
def test_values_that_reading_would_change(data):
    assert not is_lossless(data)


@pytest.mark.parametrize(
    "data", [b'{"a":1,"b":1}', b"0.1", b"1.50", b"1E5", b"12345678901234567890", b"0e0", b'"\\ud800"']
)
def test_values_that_reading_keeps(data):
    assert is_lossless(data)


def test_text_is_read_as_bytes_are():
    assert parse('{"a": "\ud800"}') == json.loads('{"a": "\\ud800"}')
