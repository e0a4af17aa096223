"""Tools and the choice among them, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME, is_own, mark_of, written_mark
from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_TOOL = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})
_VERSION = re.compile(r"_\d{8}$")
_MODES: dict[str, ToolChoice] = {
    "auto": ToolChoice("auto"),
    "any": ToolChoice("required"),
    "none": ToolChoice("none"),
}
_WORDS = {"auto": "auto", "none": "none", "required": "any", "allowed": "auto"}


def tools_of(value: Json, where: Where) -> tuple[Tool | NativeTool, ...]:
    """The tools; one with a type of its own is Anthropic's."""
    entries = enumerate(where.entries(value, "tools"))
    return tuple(_tool_of(where.fields(entry, "tools", n), where.at("tools", n)) for n, entry in entries)


def _tool_of(tool: Fields, where: Where) -> Tool | NativeTool:
    kind = where.text_or_none(tool.get("type"), "type")
    if kind is not None and kind != "custom":
        return NativeTool(NAME, _VERSION.sub("", kind), tool, Origin(NAME, where.path))
    spelling: Mapping[str, Json] = NOTHING if kind is None else {"type": kind}
    return Tool(
        where.text(tool.get("name"), "name"),
        where.text_or_none(tool.get("description"), "description"),
        tool.get("input_schema"),
        where.flag_or_none(tool.get("strict"), "strict"),
        cache=mark_of(tool.get("cache_control"), where),
        origin=Origin(NAME, where.path, rest_of(tool, _TOOL), spelling),
    )


def written_tools(tools: Iterable[Tool | NativeTool], losses: Losses) -> list[Json]:
    """`tools`. Those of other providers are noted by whoever walks over what is foreign."""
    written: list[Json] = []
    for tool in tools:
        if isinstance(tool, NativeTool):
            if tool.protocol == NAME:
                written.append(tool.json)
        elif tool.kind == "function":
            written.append(_written_tool(tool))
        else:
            losses.meaning(tool.origin, f"tool {tool.name}", "Anthropic's tools take JSON, not text")
    return written


def _written_tool(tool: Tool) -> Fields:
    written: Fields = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    own = is_own(tool.origin)
    if tool.schema is not None:
        written["input_schema"] = tool.schema if own else _object_schema(tool.schema)
    elif not own:
        written["input_schema"] = {"type": "object", "properties": {}}
    if tool.strict is not None and (own or tool.strict):
        written["strict"] = tool.strict
    if tool.cache is not None:
        written["cache_control"] = written_mark(tool.cache)
    if is_own(tool.origin):
        return {**tool.origin.rest, **tool.origin.spelling, **written}
    return written


def _object_schema(schema: Json) -> Json:
    """The schema with the type at its top, which Anthropic wants and others let one leave out."""
    return {"type": "object", **schema} if isinstance(schema, dict) and "type" not in schema else schema


def choice_of(value: Json, where: Where, left: Fields) -> tuple[ToolChoice | None, bool | None]:
    """The choice, and whether several tools may be called at once.

    A choice of a type that nobody has told us about goes into `left`, as it is.
    """
    if value is None:
        return None, None
    told = where.fields(value, "tool_choice")
    kind = where.text(told.get("type"), "tool_choice", "type")
    disabled = told.get("disable_parallel_tool_use")
    one = where.flag_or_none(disabled, "tool_choice", "disable_parallel_tool_use")
    origin = Origin(NAME, ("tool_choice",), rest_of(told, _CHOICE))
    parallel = None if one is None else not one
    if kind == "tool":
        name = where.text(told.get("name"), "tool_choice", "name")
        return ToolChoice("tool", (name,), origin=origin), parallel
    if kind not in _MODES:
        left["tool_choice"] = value
        return None, None
    return ToolChoice(_MODES[kind].mode, origin=origin), parallel


def written_choice(choice: ToolChoice | None, parallel: bool | None) -> Fields | None:
    """`tool_choice`; None where nothing has to be said."""
    own = choice is not None and is_own(choice.origin)
    says_parallel = parallel is False or (own and parallel is True)
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True} if says_parallel else None
    written: Fields = dict(choice.origin.rest) if is_own(choice.origin) else {}
    if choice.mode == "tool" and choice.names:
        written.update(type="tool", name=choice.names[0])
    else:
        required = choice.mode == "tool" or choice.required
        written["type"] = "any" if required else _WORDS[choice.mode]
    if says_parallel and (own or choice.mode != "none"):
        written["disable_parallel_tool_use"] = not parallel
    return written


def allowed(
    tools: tuple[Tool | NativeTool, ...], choice: ToolChoice | None, losses: Losses
) -> tuple[Tool | NativeTool, ...]:
    """The tools that may be called: to allow only some of them is to send only those."""
    if choice is None or choice.mode != "allowed":
        return tools
    losses.tuning(choice.origin or ("tool_choice",), "allowed tools", "the other tools are not sent")
    names = frozenset(choice.names)
    return tuple(tool for tool in tools if not isinstance(tool, Tool) or tool.name in names)
