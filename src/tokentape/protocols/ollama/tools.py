"""Tools, their calls and the choice among them. Arguments are objects here, and text in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.arguments import arguments_text, object_of
from tokentape.protocols.canonical.conversation import NativeTool, Tool
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.ollama.form import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.conversation import ToolChoice
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CALL = frozenset({"id", "type", "function"})
_FUNCTION = frozenset({"name", "arguments", "index"})


def read_calls(given: Json, turn: Turn, where: Where) -> list[ToolCall]:
    """The calls of an assistant's message."""
    entries = where.entries(given, "tool_calls")
    return [read_call(entry, turn, where, nth) for nth, entry in enumerate(entries)]


def read_call(given: Json, turn: Turn, where: Where, nth: int) -> ToolCall:
    """One call. Older servers give no id, and nobody gives a type but clients that mean "function"."""
    call = where.fields(given, "tool_calls", nth)
    function = where.fields(call.get("function"), "tool_calls", nth, "function")
    steps = ("tool_calls", nth, "function")
    name = where.text(function.get("name"), *steps, "name")
    told = function.get("arguments")
    arguments = (
        "{}"
        if told is None
        else arguments_text(where.fields(told, *steps, "arguments"), where, *steps, "arguments")
    )
    rest, inner = rest_of(call, _CALL), rest_of(function, _FUNCTION)
    if inner:
        rest = {**rest, "function": dict(inner)}
    spelling: Fields = {"arguments": told is not None}
    if (kind := call.get("type")) is not None:
        spelling["type"] = where.text(kind, "tool_calls", nth, "type")
    if (index := function.get("index")) is not None:
        spelling["index"] = index
    given_id = where.text_or_none(call.get("id"), "tool_calls", nth, "id")
    if given_id is not None:
        spelling["id"] = given_id
    origin = Origin(NAME, (*where.path, "tool_calls", nth), rest, spelling, turn)
    return ToolCall(given_id or "", name, arguments, origin=origin)


def written_call(call: ToolCall, losses: Losses, index: int | None = None) -> Fields:
    """A call; `index` is its place in a reply."""
    origin = call.origin
    own = origin is not None and origin.protocol == NAME
    spelling = origin.spelling if origin is not None and own else NOTHING
    rest = origin.rest if origin is not None and own else NOTHING
    inner = rest.get("function")
    function: Fields = dict(inner) if isinstance(inner, dict) else {}
    if "index" in spelling:
        function["index"] = spelling["index"]
    elif index is not None and not own:
        function["index"] = index
    function["name"] = call.name
    given = object_of(call.arguments, call.name, call.origin, losses)
    if given or spelling.get("arguments", True):
        function["arguments"] = given
    written: Fields = {**rest, "function": function}
    if "type" in spelling:
        written["type"] = spelling["type"]
    if call.id or spelling.get("id") == "":
        written["id"] = call.id
    _lost(call, losses)
    return written


def _lost(call: ToolCall, losses: Losses) -> None:
    if call.kind != "function":
        losses.meaning(call.origin, f"{call.kind} call", "tools take JSON objects only")
    if call.opaque:
        losses.tuning(call.origin, "signature", "there is no place for it")
    if call.cache is not None:
        losses.tuning(call.origin, "cache mark", "there is no place for it")
    if call.item_id is not None:
        losses.tuning(call.origin, "item id", "items have no ids")


_TOOL = frozenset({"type", "function"})
_DEFINITION = frozenset({"name", "description", "parameters"})


def read_tools(given: Json, where: Where) -> tuple[Tool | NativeTool, ...]:
    """The tools of a request."""
    entries = where.entries(given, "tools")
    return tuple(_read_tool(entry, where.at("tools", nth)) for nth, entry in enumerate(entries))


def _read_tool(given: Json, where: Where) -> Tool | NativeTool:
    tool = where.fields(given)
    kind = where.text_or_none(tool.get("type"), "type")
    if kind not in (None, "function"):
        return NativeTool(NAME, kind or "", given, Origin(NAME, where.path))
    function = where.fields(tool.get("function"), "function")
    rest, inner = rest_of(tool, _TOOL), rest_of(function, _DEFINITION)
    if inner:
        rest = {**rest, "function": dict(inner)}
    name = where.text(function.get("name"), "function", "name")
    told = where.text_or_none(function.get("description"), "function", "description")
    origin = Origin(NAME, where.path, rest, NOTHING if kind else {"type": False})
    return Tool(name, told, function.get("parameters"), origin=origin)


def write_tools(tools: Iterable[Tool | NativeTool], choice: ToolChoice | None, losses: Losses) -> list[Json]:
    """The tools; of those that a choice leaves out, none."""
    named = frozenset(choice.names) if choice is not None and choice.mode == "allowed" else None
    if choice is not None:
        _chosen(choice, losses)
        if choice.mode == "none":
            return []
    written: list[Json] = []
    for tool in tools:
        if isinstance(tool, NativeTool):
            if tool.protocol == NAME:
                written.append(tool.json)
        elif named is None or tool.name in named:
            written += _write_tool(tool, losses)
    return written


def _chosen(choice: ToolChoice, losses: Losses) -> None:
    """Tools may be called or not: nothing else can be said, but a tool that is not told is not called."""
    if choice.mode == "auto":
        return
    if choice.mode == "allowed" and not choice.required:
        losses.tuning(choice.origin or ("tool_choice",), "tool choice", "the other tools are left out")
        return
    if choice.mode == "none":
        losses.tuning(choice.origin or ("tool_choice",), "tool choice 'none'", "no tool is told")
        return
    why = "a call cannot be demanded"
    losses.meaning(choice.origin or ("tool_choice",), f"tool choice {choice.mode!r}", why)


def _write_tool(tool: Tool, losses: Losses) -> list[Json]:
    if tool.kind != "function":
        losses.meaning(tool.origin, f"{tool.kind} tool {tool.name}", "tools take JSON objects only")
        return []
    if tool.strict:
        losses.tuning(tool.origin, "strict", "arguments are not bound to the schema")
    if tool.cache is not None:
        losses.tuning(tool.origin, "cache mark", "there is no place for it")
    origin = tool.origin
    own = origin if origin is not None and origin.protocol == NAME else None
    rest = own.rest if own else NOTHING
    inner = rest.get("function")
    function: Fields = dict(inner) if isinstance(inner, dict) else {}
    function["name"] = tool.name
    if tool.description is not None:
        function["description"] = tool.description
    if tool.schema is not None:
        function["parameters"] = tool.schema
    elif own is None:
        function["parameters"] = {"type": "object", "properties": {}}
    written: Fields = {**rest, "function": function}
    if own is None or own.spelling.get("type", True):
        written["type"] = "function"
    return [written]
