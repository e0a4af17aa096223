"""JSON schema and Google's subset of OpenAPI."""

from __future__ import annotations

import pytest

from tokentape.protocols.schemas import Unportable, json_schema, openapi_subset


@pytest.mark.parametrize(
    ("schema", "subset", "dropped"),
    [
        ({"type": "string"}, {"type": "string"}, []),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "null"}}}, {"type": "null"}, []),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}}, {"type": "string"}, []),
        ({"$ref": "https://x"}, {}, ["$ref"]),
        ({"items": {"$ref": "#/none"}}, {"items": {}}, ["items.$ref"]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}, []),
        ({"anyOf": [{"type": "string", "pattern": "a"}, {"not": {}}]}, {"anyOf": [{"type": "string", "pattern": "a"}, {}]}, ["anyOf[1].not"]),
        ({"type": ["string", "integer", "null"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True}, []),
        ({"allOf": [{"type": "object"}], "title": "t"}, {"type": "object", "title": "t"}, []),
        ({"enum": [1, 2], "type": "integer"}, {"type": "integer"}, ["enum"]),
        ({"type": "object", "properties": {}}, {"type": "object"}, []),
        ({"type": "object", "properties": {"$schema": {"type": "string"}}}, {"type": "object", "properties": {"$schema": {"type": "string"}}}, []),
        ({"items": True}, {"items": {}}, []),
        (True, {}, []),
    ],
)  # fmt: skip
def test_the_subset(schema, subset, dropped):
    assert openapi_subset(schema) == (subset, dropped)


def test_the_schema_itself_is_left_alone():
    schema = {
        "type": ["string", "null"],
        "$defs": {"a": {"const": 1}},
        "properties": {"a": {"$ref": "#/$defs/a"}},
    }
    before = repr(schema)
    openapi_subset(schema)
    assert repr(schema) == before


def deep(depth):
    schema = {}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def test_references_that_multiply_and_depth_are_bounded():
    bomb = {
        f"d{n}": {"properties": {str(k): {"$ref": f"#/$defs/d{n + 1}"} for k in range(9)}} for n in range(20)
    }
    for schema in (
        {"$ref": "#/$defs/d0", "$defs": bomb},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        deep(1000),
    ):  # fmt: skip
        with pytest.raises(Unportable):
            openapi_subset(schema)
    with pytest.raises(Unportable):
        json_schema(deep(1000))


@pytest.mark.parametrize(
    ("google", "schema"),
    [
        ({"type": "OBJECT", "properties": {"type": {"type": "STRING"}}}, {"type": "object", "properties": {"type": {"type": "string"}}}),
        ({"type_": 5, "items": {"type": 3}, "min_items": "2"}, {"type": "array", "items": {"type": "integer"}, "minItems": 2}),
        ({"type": "STRING", "nullable": True, "format": "date-time"}, {"type": ["string", "null"], "format": "date-time"}),
        ({"any_of": [{"type": "NUMBER"}], "nullable": True}, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        ({"nullable": True}, {}),
        ({"type": "object", "propertyOrdering": ["a"], "x": 1}, {"type": "object", "x": 1}),
        ({"type": []}, {"type": []}),
        (5, 5),
    ],
)  # fmt: skip
def test_google_s_schema_as_json_schema(google, schema):
    assert json_schema(google) == schema
