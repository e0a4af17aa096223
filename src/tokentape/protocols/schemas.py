"""JSON schema and the subset of OpenAPI 3.0 that some endpoints of Google take instead (case 33)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Path
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

DEEPEST = 64
"""Schemas nested deeper are refused."""

_LARGEST = 20_000
"""So are those of more nodes, once their references are followed: references can multiply."""


class Unportable(ValueError):
    """The schema cannot be said without references: it refers to itself, or is too large."""


_KEPT = frozenset(
    {
        "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties",
        "required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example",
        "anyOf", "propertyOrdering", "default", "items", "minimum", "maximum",
    }
)  # fmt: skip
"""API reference, "Schema"."""

_FORMATS = frozenset({"enum", "date-time"})
"""The formats of strings that are taken."""


def openapi_subset(schema: Json) -> tuple[Fields, list[str]]:
    """The schema in that subset, and what had to be dropped, as paths in it.

    References inside the schema are followed. Raises `Unportable` for one that refers to itself.
    """
    if not isinstance(schema, dict):
        return {}, []
    subset = _Subset(schema)
    return subset.node(schema, "", ()), subset.dropped


def subset_of(schema: Json, place: Origin | Path | None, losses: Losses) -> Fields:
    """The schema in that subset; what it loses is noted with `place`."""
    try:
        written, dropped = openapi_subset(schema)
    except (Unportable, RecursionError) as problem:
        losses.meaning(place, "schema", str(problem) or "it is nested too deep")
        return {"type": "object"}
    for path in dropped:
        losses.tuning(place, f"schema: {path}", "the endpoint does not take it")
    return written


class _Subset:
    def __init__(self, root: Fields) -> None:
        self.root = root
        self.dropped: list[str] = []
        self.nodes = 0

    def node(self, schema: Fields, path: str, via: tuple[str, ...], depth: int = 0) -> Fields:
        self.nodes += 1
        if depth > DEEPEST or self.nodes > _LARGEST:
            raise Unportable("the schema is nested too deep, or too large once its references are followed")
        schema, via = self._resolved(schema, path, via)
        schema = self._reduced(schema, path)
        written: Fields = {}
        for name, value in schema.items():
            if name in _STRUCTURE:
                continue
            if name not in _KEPT or (name == "format" and self._is_no_format(schema)):
                self._drop(path, name)
            elif name == "properties" and isinstance(value, dict):
                written[name] = {
                    key: self._inner(entry, f"{path}.properties.{key}", via, depth)
                    for key, entry in value.items()
                }
            elif name == "items":
                written[name] = self._inner(value, f"{path}.items", via, depth)
            elif name == "anyOf" and isinstance(value, list):
                written[name] = [
                    self._inner(entry, f"{path}.anyOf[{nth}]", via, depth) for nth, entry in enumerate(value)
                ]
            else:
                written[name] = value
        return written

    def _inner(self, value: Json, path: str, via: tuple[str, ...], depth: int) -> Json:
        return self.node(value, path, via, depth + 1) if isinstance(value, dict) else {}

    def _drop(self, path: str, name: str) -> None:
        self.dropped.append(f"{path}.{name}".removeprefix("."))

    def _resolved(self, schema: Fields, path: str, via: tuple[str, ...]) -> tuple[Fields, tuple[str, ...]]:
        while isinstance(target := schema.get("$ref"), str):
            if target in via:
                raise Unportable(f"the schema refers to itself: {target}")
            via = (*via, target)
            found = _pointed(self.root, target)
            if not isinstance(found, dict):
                self._drop(path, "$ref")
                return {name: value for name, value in schema.items() if name != "$ref"}, via
            schema = {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
        return schema, via

    def _reduced(self, schema: Fields, path: str) -> Fields:
        """Words of JSON schema that OpenAPI has others for."""
        schema = dict(schema)
        if "const" in schema:
            schema["enum"] = [schema.pop("const")]
        if isinstance(one := schema.get("oneOf"), list) and "anyOf" not in schema:
            schema["anyOf"] = one
            del schema["oneOf"]
        if isinstance(parts := schema.get("allOf"), list) and len(parts) == 1 and isinstance(parts[0], dict):
            schema = {**parts[0], **{name: value for name, value in schema.items() if name != "allOf"}}
        self._without_null(schema)
        values = schema.get("enum")
        if isinstance(values, list) and not all(isinstance(value, str) for value in values):
            self._drop(path, "enum")
            del schema["enum"]
        if schema.get("type") == "object" and schema.get("properties") == {}:
            del schema["properties"]
        return schema

    def _without_null(self, schema: Fields) -> None:
        kinds = schema.get("type")
        if isinstance(kinds, list):
            others = [kind for kind in kinds if kind != "null"]
            if len(others) < len(kinds):
                schema["nullable"] = True
            if len(others) == 1:
                schema["type"] = others[0]
            else:
                del schema["type"]
                schema.setdefault("anyOf", [{"type": kind} for kind in others])
        options = schema.get("anyOf")
        if isinstance(options, list) and {"type": "null"} in options:
            schema["nullable"] = True
            rest = [option for option in options if option != {"type": "null"}]
            schema["anyOf"] = rest
            if len(rest) == 1 and isinstance(rest[0], dict):
                del schema["anyOf"]
                schema.update({**rest[0], **schema})

    def _is_no_format(self, schema: Fields) -> bool:
        return schema.get("type") == "string" and schema.get("format") not in _FORMATS


_STRUCTURE = frozenset({"$defs", "definitions", "$ref"})


def _pointed(root: Json, target: str) -> Json:
    """What a JSON pointer in the same document leads to."""
    if not target.startswith("#"):
        return None
    found: Json = root
    for step in target[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


_TYPES = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object", 7: "null"}
"""The types as numbers: some clients of Vertex write enums so."""

_SNAKES = {
    "any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems", "min_length": "minLength",
    "max_length": "maxLength", "min_properties": "minProperties", "max_properties": "maxProperties",
    "property_ordering": "propertyOrdering", "type_": "type", "format_": "format",
}  # fmt: skip
_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})


def json_schema(schema: Json, depth: int = 0) -> Json:
    """A schema as Google's `Schema` has it (types in capitals, `nullable`) as JSON schema.

    Raises `Unportable` if it is nested too deep.
    """
    if not isinstance(schema, dict):
        return schema
    if depth > DEEPEST:
        raise Unportable("the schema is nested too deep")
    written: Fields = {}
    for given, value in schema.items():
        name = _SNAKES.get(given, given)
        if name == "type":
            written[name] = _type(value)
        elif name == "properties" and isinstance(value, dict):
            written[name] = {key: json_schema(entry, depth + 1) for key, entry in value.items()}
        elif name == "items":
            written[name] = json_schema(value, depth + 1)
        elif name == "anyOf" and isinstance(value, list):
            written[name] = [json_schema(entry, depth + 1) for entry in value]
        elif name in _COUNTS and isinstance(value, str) and value.isdecimal() and len(value) < 20:
            written[name] = int(value)
        elif name not in ("nullable", "propertyOrdering"):
            written[name] = value
    return _nullable(written) if schema.get("nullable") is True else written


def _nullable(schema: Fields) -> Fields:
    if isinstance(kind := schema.get("type"), str):
        return {**schema, "type": [kind, "null"]}
    if isinstance(options := schema.get("anyOf"), list):
        return {**schema, "anyOf": [*options, {"type": "null"}]}
    return schema


def _type(value: Json) -> Json:
    if isinstance(value, int):
        return _TYPES.get(value, value)
    return value.lower() if isinstance(value, str) else value
