"""Plausible values: they fit the schema, and differ where a second one is asked for."""

from __future__ import annotations

import pytest

from tokentape.testing.provider.plausible import plausible
from tokentape.testing.provider.turn import fragments, words

NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (
            {"type": "object", "properties": {"city": {"type": "string"}, "n": {"type": "integer"}}},
            {"city": "Oslo", "n": 3},
        ),
        ({"properties": {"unit": {"enum": ["c", "f"]}}}, {"unit": "c"}),
        ({"type": "OBJECT", "properties": {"ok": {"type": "BOOLEAN"}}}, {"ok": True}),
        ({"type": "array", "items": {"type": "number"}}, [1.5]),
        ({"type": ["null", "string"]}, "text"),
        ({"type": "null"}, None),
        ({"const": 7}, 7),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 3),
        ({"$defs": {"a": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/a"}}}, {"x": 3}),
        (None, "text"),
    ],
)
def test_values_fit(schema, value):
    assert plausible(schema) == value


def test_a_second_value_differs():
    schema = {
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["c", "f"]}, "n": {"type": "number"}}
    }
    assert plausible(schema, 1) == {"city": "Oslo 2", "unit": "f", "n": 2.5}


def test_a_recursive_schema_ends():
    value = plausible({"$defs": {"node": NODE}, "$ref": "#/$defs/node"})
    assert value["next"]["next"] != value


@pytest.mark.parametrize("text", ["", " ", "a b", "  two\n\nlines \t", "größe 世界 🌍."])
def test_pieces_join_to_the_text(text):
    assert "".join(words(text)) == text
    assert "".join(fragments(text)) == text
