"""A plausible value for a JSON schema: tool arguments and structured replies nobody scripted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import at, listed, mapped, string

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

WORDS = {
    "city": "Oslo",
    "location": "Oslo",
    "country": "Norway",
    "capital": "Oslo",
    "name": "Ada",
    "query": "capital of Norway",
    "unit": "celsius",
    "units": "celsius",
    "date": "2026-01-01",
    "email": "ada@example.com",
    "url": "https://example.com/",
}
"""What a string property of this name gets."""

DEPTH = 12
"""Nesting at which a recursive schema is given up with null."""


def plausible(schema: Json, nth: int = 0) -> Json:
    """A value that fits the schema; `nth` varies strings and numbers between calls of one reply."""
    return _value(schema, schema, "", nth, DEPTH)


def _value(schema: Json, root: Json, name: str, nth: int, depth: int) -> Json:
    if depth == 0:
        return None
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if choices := listed(schema.get("enum")):
        return choices[nth % len(choices)]
    for combined in ("anyOf", "oneOf", "allOf"):
        if options := listed(schema.get(combined)):
            return _value(options[0], root, name, nth, depth - 1)
    return _of_type(schema, root, name, nth, depth)


def _of_type(schema: dict[str, Json], root: Json, name: str, nth: int, depth: int) -> Json:
    match _type(schema):
        case "object":
            properties = mapped(schema.get("properties"))
            return {key: _value(value, root, key, nth, depth - 1) for key, value in properties.items()}
        case "array":
            return [_value(schema.get("items"), root, name, nth, depth - 1)]
        case "integer":
            return 3 + nth
        case "number":
            return 1.5 + nth
        case "boolean":
            return True
        case "null":
            return None
        case _:
            word = WORDS.get(name.lower(), name or "text")
            return f"{word} {nth + 1}" if nth else word


def _type(schema: dict[str, Json]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((option for option in kind if option != "null"), None)
    if kind is None and "properties" in schema:
        return "object"
    return string(kind, "string").lower()  # Gemini writes types in capitals


def _resolved(schema: Json, root: Json) -> dict[str, Json]:
    reference = string(at(schema, "$ref"))
    if not reference.startswith("#/"):
        return mapped(schema)
    return mapped(at(root, *reference[2:].split("/")))
