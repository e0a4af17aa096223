"""Tools, their calls and the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.cohere.form import NAME, inner_of, merged, own, rest_from, spelling_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CALL = frozenset({"id", "type", "function"})
_FUNCTION = frozenset({"name", "arguments"})


def read_call(value: Json, turn: Turn | None, where: Where) -> ToolCall:
    """One call; its arguments are text."""
    call = where.fields(value)
    function = where.fields(call.get("function"), "function")
    rest = merged(rest_of(call, _CALL), "function", rest_of(function, _FUNCTION))
    told = where.text_or_none(function.get("arguments"), "function", "arguments")
    kind = where.text_or_none(call.get("type"), "type")
    given = where.text_or_none(call.get("id"), "id")
    spelling: Fields = {}
    if told is None:
        spelling["arguments"] = False
    if kind != "function":
        spelling["type"] = kind
    if given is None:
        spelling["id"] = False
    name = where.text(function.get("name"), "function", "name")
    origin = Origin(NAME, where.path, rest, spelling or NOTHING, turn)
    return ToolCall(given or "", name, told or "", origin=origin)


def written_call(call: ToolCall, losses: Losses) -> Fields:
    """A call. No arguments are an empty object (case 11)."""
    rest, spelling = rest_from(call.origin), spelling_from(call.origin)
    function = inner_of(rest, "function")
    function["name"] = call.name
    if call.arguments or spelling.get("arguments", True):
        is_own = own(call.origin) is not None
        function["arguments"] = call.arguments if call.arguments or is_own else "{}"
    written: Fields = {**rest, "function": function}
    if spelling.get("type", "function") is not None:
        written["type"] = spelling.get("type", "function")
    if call.id or spelling.get("id", True):
        written["id"] = call.id
    note_call(call, losses)
    return written


def note_call(call: ToolCall, losses: Losses) -> None:
    """What of a call has no place."""
    if call.kind != "function":
        losses.meaning(call.origin, f"{call.kind} call", "tools take JSON objects only")
    for name, what in (("opaque", "signature"), ("cache", "cache mark"), ("item_id", "item id")):
        if getattr(call, name):
            losses.tuning(call.origin, what, "there is no place for it")


_TOOL = frozenset({"type", "function"})
_DEFINITION = frozenset({"name", "description", "parameters"})


def read_tools(given: Json, *, strict: bool | None, where: Where) -> tuple[Tool | NativeTool, ...]:
    """The tools of a request; `strict_tools` is about all of them."""
    entries = where.entries(given, "tools")
    return tuple(_read_tool(entry, strict, where.at("tools", nth)) for nth, entry in enumerate(entries))


def _read_tool(value: Json, strict: bool | None, where: Where) -> Tool | NativeTool:
    tool = where.fields(value)
    kind = where.text_or_none(tool.get("type"), "type")
    if kind not in (None, "function"):
        return NativeTool(NAME, kind or "", value, Origin(NAME, where.path))
    function = where.fields(tool.get("function"), "function")
    rest = merged(rest_of(tool, _TOOL), "function", rest_of(function, _DEFINITION))
    name = where.text(function.get("name"), "function", "name")
    told = where.text_or_none(function.get("description"), "function", "description")
    origin = Origin(NAME, where.path, rest, NOTHING if kind else {"type": False})
    return Tool(name, told, function.get("parameters"), strict or None, origin=origin)


def write_tools(
    tools: Iterable[Tool | NativeTool], names: frozenset[str] | None, losses: Losses
) -> list[Json]:
    """The tools; with `names`, only these."""
    written: list[Json] = []
    for tool in tools:
        if isinstance(tool, NativeTool):
            if tool.protocol == NAME:
                written.append(tool.json)
        elif names is None or tool.name in names:
            written += _write_tool(tool, losses)
    return written


def _write_tool(tool: Tool, losses: Losses) -> list[Json]:
    if tool.kind != "function":
        losses.meaning(tool.origin, f"{tool.kind} tool {tool.name}", "tools take JSON objects only")
        return []
    if tool.cache is not None:
        losses.tuning(tool.origin, "cache mark", "there is no place for it")
    rest, spelling = rest_from(tool.origin), spelling_from(tool.origin)
    function = inner_of(rest, "function")
    function["name"] = tool.name
    if tool.description is not None:
        function["description"] = tool.description
    if tool.schema is not None:
        function["parameters"] = tool.schema
    elif own(tool.origin) is None:
        function["parameters"] = {"type": "object", "properties": {}}
    written: Fields = {**rest, "function": function}
    if spelling.get("type", True):
        written["type"] = "function"
    return [written]


def write_strict(tools: Iterable[Tool | NativeTool], body: Fields, losses: Losses) -> None:
    """`strict_tools`, if all are strict; it cannot be said of some."""
    known = [tool for tool in tools if isinstance(tool, Tool)]
    strict = [tool for tool in known if tool.strict]
    if strict and len(strict) == len(known):
        body["strict_tools"] = True
    else:
        for tool in strict:
            losses.tuning(tool.origin, "strict", "all tools are strict, or none")


def read_choice(given: Json, where: Where) -> ToolChoice | None:
    """The choice; without one the model decides."""
    if given is None:
        return None
    said = where.text(given, "tool_choice")
    if said not in ("REQUIRED", "NONE"):
        where.wrong(f"expected REQUIRED or NONE, found {said!r}", "tool_choice")
    return ToolChoice("required" if said == "REQUIRED" else "none", origin=Origin(NAME, ("tool_choice",)))


def write_choice(choice: ToolChoice | None, body: Fields, losses: Losses) -> frozenset[str] | None:
    """Write the choice; the names of the tools it leaves, if it takes some away.

    Only one tool, or some, may be called where the others are not told.
    """
    if choice is None or choice.mode == "auto":
        return None
    if choice.mode in ("required", "none"):
        body["tool_choice"] = choice.mode.upper()
        return None
    if choice.mode == "tool" or choice.required:
        body["tool_choice"] = "REQUIRED"
    losses.tuning(choice.origin or ("tool_choice",), "tool choice", "the other tools are left out")
    return frozenset(choice.names)
