"""Patches of a JSON body leave all other bytes alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.gateway.patching import GONE, differences, patched

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=5)


@given(OBJECTS, OBJECTS, st.sampled_from([None, 1]), st.booleans())
def test_it_says_what_was_changed(old, new, indent, ascii_):
    body = json.dumps(old, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert json.loads(patched(body, differences(old, new))) == new


@pytest.mark.parametrize(
    ("body", "changes", "wanted"),
    [
        (b'{"a":1,"model":"x"}', {"model": "y"}, b'{"a":1,"model":"y"}'),
        (b' { "model" : "x" , "a" : 1.50 }\n', {"model": "y"}, b' { "model" : "y" , "a" : 1.50 }\n'),
        (b'{"model":"x","model":"z"}', {"model": "y"}, b'{"model":"y","model":"y"}'),
        (b'{"in":{"model":"x"},"model":"x"}', {"model": "y"}, b'{"in":{"model":"x"},"model":"y"}'),
        (b"{}", {"a": 1}, b'{"a":1}'),
        (b'{"a":1}', {"a": GONE}, b"{}"),
        (b'{"a":1e400,"b":2}', {"b": 3}, b'{"a":1e400,"b":3}'),
        (b'{"mod\\u0065l":"x"}', {"model": "y"}, b'{"mod\\u0065l":"y"}'),
        ('{"ü":"é","b":2}'.encode(), {"b": 3}, '{"ü":"é","b":3}'.encode()),
    ],
)
def test_the_other_bytes_stay(body, changes, wanted):
    assert patched(body, changes) == wanted


def test_one_and_true_are_different():
    assert differences({"a": 1}, {"a": True}) == {"a": True}
    assert differences({"a": 1}, {"a": 1}) == {}
