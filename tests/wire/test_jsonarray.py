"""A JSON array, element by element; json itself is the oracle."""

from __future__ import annotations

import json

import pytest
from fragments import check_laws, places
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.event import decode
from tokentape.wire.jsonarray import JsonArrayDecoder

texts = st.text(alphabet='a"\\[]{},: é\n', max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
indents = st.sampled_from([None, 0, 2])


def told(*pieces: bytes):
    return [event.data for event in decode(JsonArrayDecoder(), pieces) if event.data is not None]


@given(st.lists(values, max_size=5), indents, st.booleans(), places)
def test_the_elements_are_those_that_json_reads(elements, indent, escaped, at):
    body = json.dumps(elements, indent=indent, ensure_ascii=escaped).encode()
    events = check_laws(JsonArrayDecoder, body, at)
    assert [json.loads(event.data) for event in events if event.data is not None] == elements


tokens = st.sampled_from([b"[", b"]", b"{", b"}", b",", b'"', b"\\", b" ", b"\n", b"1", b"a", b":", b"\xff"])


@given(st.lists(tokens, max_size=40).map(b"".join), st.booleans(), places)
def test_no_fragmentation_changes_the_events_and_no_byte_is_lost(body, array, at):
    check_laws(JsonArrayDecoder, b"[" + body if array else body, at)


def test_separators_belong_to_the_element_after_them():
    events = decode(JsonArrayDecoder(), [b' [{"a":1}\n,\r\n{"b":2}\n]\n'])
    assert [(event.raw, event.data) for event in events] == [
        (b' [{"a":1}', b'{"a":1}'),
        (b'\n,\r\n{"b":2}', b'{"b":2}'),
        (b"\n]\n", None),
    ]


def test_an_object_is_told_with_its_last_byte():
    decoder = JsonArrayDecoder()
    assert decoder.feed(b'[{"a":"}') == []
    assert [event.data for event in decoder.feed(b'"}')] == [b'{"a":"}"}']


@pytest.mark.parametrize("tail", [b',{"b":', b',{"b":"]', b",", b',{"b":"\\'])
def test_R46_an_element_that_was_cut_is_none(tail):
    events = decode(JsonArrayDecoder(), [b'[{"a":1}' + tail])
    assert [event.data for event in events] == [b'{"a":1}', None]


def test_scalars_end_at_the_comma_or_the_bracket():
    assert told(b'[1 ,"a,]" , null,true]') == [b"1", b'"a,]"', b"null", b"true"]


@pytest.mark.parametrize("body", [b"", b"  ", b'{"error": [1, 2]}', b"plain [1]", b"[]"])
def test_what_holds_no_elements_gives_none(body):
    assert told(body) == []


def test_what_follows_the_array_is_no_element():
    assert told(b"[1],[2]") == [b"1"]
