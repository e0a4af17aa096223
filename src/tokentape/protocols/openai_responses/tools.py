"""Tools, the choice among them, and the form of the answer, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import NativeTool, OutputFormat, Tool, ToolChoice
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.openai_responses.names import NAME, NATIVE_TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FUNCTION = frozenset({"type", "name", "description", "parameters", "strict"})
_CUSTOM = frozenset({"type", "name", "description", "format"})
_SCHEMA = frozenset({"type", "name", "description", "schema", "strict"})
_TYPE = frozenset({"type"})
_MODES: dict[str, Literal["auto", "none", "required"]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
}
_CALLABLE = ("function", "custom")


def read_tools(value: Json, where: Where) -> tuple[Tool | NativeTool, ...]:
    """The tools; `where` is the body."""
    if value is None:
        return ()
    return tuple(
        _read_tool(tool, where.at("tools", n)) for n, tool in enumerate(where.entries(value, "tools"))
    )


def _read_tool(value: Json, where: Where) -> Tool | NativeTool:
    tool = where.fields(value)
    kind = where.text(tool.get("type"), "type")
    if kind not in _CALLABLE:
        return NativeTool(NAME, NATIVE_TOOLS.get(kind, kind), tool, Origin(NAME, where.path))
    name = where.text(tool.get("name"), "name")
    described = where.text_or_none(tool.get("description"), "description")
    if kind == "custom":
        origin = Origin(NAME, where.path, rest_of(tool, _CUSTOM))
        return Tool(name, described, kind="custom", format=tool.get("format"), origin=origin)
    schema = tool.get("parameters")
    if schema is not None:
        where.fields(schema, "parameters")
    strict = where.flag_or_none(tool.get("strict"), "strict")
    return Tool(name, described, schema, strict, origin=Origin(NAME, where.path, rest_of(tool, _FUNCTION)))


def write_tool(tool: Tool | NativeTool, losses: Losses) -> Fields | None:
    """One tool; None for one that only another provider runs.

    A function of another dialect that says nothing of `strict` says false, since here it is strict unless
    it says so, and its schema need not fit strict mode.
    """
    if isinstance(tool, NativeTool):
        return dict(tool.json) if tool.protocol == NAME and isinstance(tool.json, dict) else None
    own = tool.origin if tool.origin is not None and tool.origin.protocol == NAME else None
    if tool.cache is not None:
        losses.tuning(tool.origin, "caching mark", "the dialect caches by itself")
    written: Fields = {"type": tool.kind, "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.kind == "custom":
        if tool.format is not None:
            written["format"] = tool.format
    else:
        if tool.schema is not None or own is None:
            written["parameters"] = (
                {"type": "object", "properties": {}} if tool.schema is None else tool.schema
            )
        if tool.strict is not None or own is None:
            written["strict"] = bool(tool.strict)
    return {**own.rest, **written} if own is not None else written


def read_choice(value: Json, where: Where) -> ToolChoice | None:
    """Which tools may be called. A choice of a tool that the provider runs has no canonical form: some tool
    is required, and the rest of the origin says which.
    """
    if value is None:
        return None
    path = (*where.path, "tool_choice")
    if isinstance(value, str):
        if value in _MODES:
            return ToolChoice(_MODES[value])
        where.wrong(f"expected auto, none or required, found {value[:40]!r}", "tool_choice")
    choice = where.fields(value, "tool_choice")
    kind = choice.get("type")
    if kind in _CALLABLE and isinstance(name := choice.get("name"), str):
        rest = rest_of(choice, frozenset({"type", "name"}))
        return ToolChoice("tool", (name,), origin=Origin(NAME, path, rest, {"types": {name: kind}}))
    if kind == "allowed_tools":
        allowed = _read_allowed(choice)
        if allowed is not None:
            must = choice.get("mode") == "required"
            rest = rest_of(choice, frozenset({"type", "mode", "tools"}))
            return ToolChoice("allowed", tuple(allowed), must, Origin(NAME, path, rest, {"types": allowed}))
    return ToolChoice("required", origin=Origin(NAME, path, choice))


def _read_allowed(choice: Fields) -> Fields | None:
    """The types of the tools by name; None if some of them are not the caller's."""
    tools = choice.get("tools")
    found: Fields = {}
    for tool in tools if isinstance(tools, list) else [None]:
        if not isinstance(tool, dict) or tool.keys() != {"type", "name"} or tool["type"] not in _CALLABLE:
            return None
        if not isinstance(tool["name"], str):
            return None
        found[tool["name"]] = tool["type"]
    usual = (
        isinstance(tools, list) and len(found) == len(tools) and choice.get("mode") in ("auto", "required")
    )
    return found if usual else None


def write_choice(choice: ToolChoice, tools: Iterable[Tool | NativeTool]) -> Json:
    """The choice."""
    own = choice.origin if choice.origin is not None and choice.origin.protocol == NAME else None
    if choice.mode == "required" and own is not None and "type" in own.rest:
        return dict(own.rest)
    if choice.mode not in ("tool", "allowed"):
        return choice.mode
    types = {tool.name: tool.kind for tool in tools if isinstance(tool, Tool)}
    spelled = own.spelling.get("types") if own is not None else None
    named = spelled if isinstance(spelled, dict) else {}
    chosen: list[Json] = [
        {"type": named.get(name) or types.get(name, "function"), "name": name} for name in choice.names
    ]
    rest = own.rest if own is not None else {}
    if choice.mode == "tool" and isinstance(one := next(iter(chosen), None), dict):
        return {**rest, **one}
    return {
        **rest,
        "type": "allowed_tools",
        "mode": "required" if choice.required else "auto",
        "tools": chosen,
    }


def read_format(value: Json, where: Where) -> OutputFormat | None:
    """`text.format`; None for one that is not known."""
    if value is None:
        return None
    form = where.fields(value, "text", "format")
    path = (*where.path, "text", "format")
    match form.get("type"):
        case "text":
            return OutputFormat("text", origin=Origin(NAME, path, rest_of(form, _TYPE)))
        case "json_object":
            return OutputFormat("json", origin=Origin(NAME, path, rest_of(form, _TYPE)))
        case "json_schema":
            at = where.at("text", "format")
            return OutputFormat(
                "schema",
                form.get("schema"),
                at.text_or_none(form.get("name"), "name"),
                at.text_or_none(form.get("description"), "description"),
                at.flag_or_none(form.get("strict"), "strict"),
                Origin(NAME, path, rest_of(form, _SCHEMA)),
            )
        case _:
            return None


def write_format(output: OutputFormat) -> Fields:
    """The form of the answer; a schema needs a name here, and is strict only if it says so."""
    own = output.origin if output.origin is not None and output.origin.protocol == NAME else None
    rest = own.rest if own is not None else {}
    if output.kind != "schema":
        return {**rest, "type": "text" if output.kind == "text" else "json_object"}
    written: Fields = {"type": "json_schema"}
    if output.name is not None or own is None:
        written["name"] = output.name or "answer"
    if output.description is not None:
        written["description"] = output.description
    if output.schema is not None or own is None:
        written["schema"] = {} if output.schema is None else output.schema
    if output.strict is not None:
        written["strict"] = output.strict
    return {**rest, **written}
