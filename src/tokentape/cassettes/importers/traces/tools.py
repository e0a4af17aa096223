"""Definitions of tools, and the choice among them, in the ways that traces write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.importers.traces.attributes import whole_json
from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SCHEMA = (
    "parameters",
    "input_schema",
    "inputSchema",
    "parametersJsonSchema",
    "parameters_json_schema",
    "schema",
)
_INNER = ("function", "toolSpec", "tool_spec", "tool")
_LISTS = ("functionDeclarations", "function_declarations")


def tools_of(told: Json, notes: Notes, dialect: str) -> tuple[Tool | NativeTool, ...]:
    """The tools; those without a name are noted as lost."""
    listed = told if isinstance(told, list) else [told] if isinstance(told, dict) else []
    return tuple(tool for each in listed for tool in _tools(_parsed(each), notes, dialect))


def _parsed(value: Json) -> Fields:
    """A definition, which some traces hold as text. Raises `LeftOut` where that breaks off."""
    return fields(whole_json(value))


def _tools(told: Fields, notes: Notes, dialect: str) -> Iterator[Tool | NativeTool]:
    for name in _LISTS:
        if isinstance(told.get(name), list):
            yield from tools_of(told[name], notes, dialect)
            return
    if "tool.json_schema" in told or "json_schema" in told:
        told = _parsed(told.get("tool.json_schema", told.get("json_schema")))
    inner = next((fields(told[key]) for key in _INNER if isinstance(told.get(key), dict)), told)
    if "json_schema" in inner and "name" not in inner:
        yield from _tools(_parsed(inner["json_schema"]), notes, dialect)
        return
    kind = text(told.get("type"))
    name = text(inner.get("name"))
    schema = next((_schema(inner[key]) for key in _SCHEMA if inner.get(key) is not None), None)
    if kind and kind not in _PLAIN and schema is None:
        yield NativeTool(dialect, kind, told)
    elif not name:
        notes.lose("a tool without a name")
    else:
        strict = inner.get("strict")
        said = text(inner.get("description")) or None
        yield Tool(name, said, schema, strict if isinstance(strict, bool) else None)


_PLAIN = frozenset({"function", "custom", "tool"})


def _schema(value: Json) -> Json:
    """A JSON schema; Bedrock wraps it (`{"json": ...}`), attributes hold it as text."""
    found = _parsed(value)
    return fields(found.get("json")) or found


def choice_of(told: Json) -> ToolChoice | None:
    """Which tools may be called; None where it is not said, or not understood."""
    kind = told if isinstance(told, str) else text(fields(told).get("type"))
    named = text(fields(fields(told).get("function")).get("name")) or text(fields(told).get("name"))
    if named:
        return ToolChoice("tool", (named,))
    match kind.lower():
        case "auto":
            return ToolChoice("auto")
        case "none":
            return ToolChoice("none")
        case "required" | "any":
            return ToolChoice("required")
        case _:
            return None
