"""Tools and the choice among them: `toolConfig`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import merged
from tokentape.protocols.bedrock_converse.options import EXTRA
from tokentape.protocols.bedrock_converse.read_content import SERVER_TOOLS, mark_of
from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
from tokentape.protocols.canonical.items import ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Origin, rest_of

if TYPE_CHECKING:
    from tokentape.protocols.bedrock_converse.write_content import ContentWriter
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SPEC = frozenset({"name", "description", "inputSchema", "strict"})
_ANYTHING: Fields = {"type": "object", "properties": {}}
_MODES = {"auto": "auto", "any": "required", "tool": "tool"}


def read_tools(config: Fields, extra: Fields, where: Where) -> tuple[Tool | NativeTool, ...]:
    """The caller's tools, Bedrock's own, and those among the model's own fields, which are taken out."""
    tools: list[Tool | NativeTool] = []
    if config.get("tools") is not None:
        place = where.at("toolConfig", "tools")
        for nth, entry in enumerate(place.entries(config["tools"])):
            _read(place.fields(entry, nth), place.at(nth), tools)
    listed = extra.get("tools")
    if isinstance(listed, list) and listed and all(isinstance(entry, dict) for entry in listed):
        del extra["tools"]
        for nth, entry in enumerate(listed):
            kind = entry.get("type") if isinstance(entry, dict) else None
            tools.append(NativeTool(NAME, str(kind), entry, Origin(NAME, (EXTRA, "tools", nth))))
    return tuple(tools)


def _read(entry: Fields, where: Where, tools: list[Tool | NativeTool]) -> None:
    mark = mark_of(entry) if len(entry) == 1 else None
    last = tools[-1] if tools else None
    if mark is not None and isinstance(last, Tool) and last.cache is None:
        tools[-1] = replace(last, cache=mark)
    elif entry.keys() == {"toolSpec"}:
        tools.append(_tool(where.fields(entry["toolSpec"], "toolSpec"), where.at("toolSpec")))
    else:
        kind = next(iter(entry), "nothing")
        named = entry.get("systemTool")
        name = named.get("name") if isinstance(named, dict) else kind
        tools.append(NativeTool(NAME, SERVER_TOOLS.get(str(name), kind), entry, Origin(NAME, where.path)))


def _tool(spec: Fields, where: Where) -> Tool:
    rest = dict(rest_of(spec, _SPEC))
    given = spec.get("inputSchema")
    schema = None
    if given is not None:
        told = where.fields(given, "inputSchema")
        schema = told.get("json")
        if schema is None:
            rest["inputSchema"] = given
        elif len(told) > 1:
            rest["inputSchema"] = {name: value for name, value in told.items() if name != "json"}
    return Tool(
        where.text(spec.get("name"), "name"),
        where.text_or_none(spec.get("description"), "description"),
        schema,
        where.flag_or_none(spec.get("strict"), "strict"),
        origin=Origin(NAME, where.path, rest),
    )


def read_choice(config: Fields, where: Where) -> ToolChoice | None:
    """Which tools to call; None where it is not said, or in a way that is not known."""
    given = config.get("toolChoice")
    if given is None:
        return None
    choice = where.fields(given, "toolConfig", "toolChoice")
    if len(choice) != 1:
        return None
    ((kind, value),) = choice.items()
    if kind not in _MODES or not isinstance(value, dict):
        return None
    names: tuple[str, ...] = ()
    rest = rest_of(value, frozenset())
    if kind == "tool":
        names = (where.text(value.get("name"), "toolConfig", "toolChoice", "tool", "name"),)
        rest = rest_of(value, frozenset({"name"}))
    return ToolChoice(_MODES[kind], names, origin=Origin(NAME, ("toolConfig", "toolChoice"), rest))  # type: ignore[arg-type]


def write_tools(asked: Conversation, target: Target, content: ContentWriter, body: Fields) -> None:
    """The tools, with what may be chosen of them."""
    choice = asked.tool_choice
    tools = _offered(asked, target)
    listed: list[Json] = []
    native: list[Json] = []
    for tool in tools:
        if isinstance(tool, NativeTool):
            if tool.protocol == NAME:
                among = tool.origin is not None and tool.origin.path[:1] == (EXTRA,)
                (native if among else listed).append(tool.json)
        elif tool.kind == "function":
            listed.append({"toolSpec": _spec(tool)})
            listed += content.mark(tool.cache, tool.origin)
        else:
            target.losses.meaning(tool.origin, f"tool {tool.name}", "its input is text, and must be JSON")
    config: Fields = {"tools": listed} if listed else {}
    if choice is not None and choice.mode != "none":
        config.update(_choice(choice, bool(listed), target))
    if config:
        body["toolConfig"] = config
    if native:
        body.setdefault(EXTRA, {})["tools"] = native  # type: ignore[index, call-overload]


def _offered(asked: Conversation, target: Target) -> tuple[Tool | NativeTool, ...]:
    """The tools, without those that may not be chosen."""
    choice = asked.tool_choice
    if choice is None or choice.mode not in ("none", "allowed") or not asked.tools:
        return asked.tools
    if choice.mode == "allowed":
        names = frozenset(choice.names)
        left = tuple(tool for tool in asked.tools if isinstance(tool, NativeTool) or tool.name in names)
        if left != asked.tools:
            target.losses.tuning(choice.origin, "tool choice", "only the allowed tools are offered")
        return left
    if any(isinstance(item, ToolCall | ToolResult) for item in asked.items):
        # Calls in the history want their tools (API guide, "Tool use"), which may then be called again.
        target.losses.meaning(choice.origin, "tool choice none", "tools that were called must be offered")
        return asked.tools
    target.losses.tuning(choice.origin, "tool choice none", "the tools are left out instead")
    return ()


def _choice(choice: ToolChoice, offered: bool, target: Target) -> Fields:
    own = choice.origin is not None and choice.origin.protocol == NAME
    rest = dict(choice.origin.rest) if own and choice.origin else {}
    if not offered and not own:
        if choice.mode in ("required", "tool"):
            target.losses.meaning(choice.origin, "tool choice", "there is no tool to choose")
        return {}
    match choice.mode:
        case "tool":
            return {"toolChoice": {"tool": merged(rest, {"name": next(iter(choice.names), "")})}}
        case "required":
            return {"toolChoice": {"any": rest}}
        case "allowed" if choice.required:
            return {"toolChoice": {"any": {}}}
        case _:
            return {"toolChoice": {"auto": rest}}


def _spec(tool: Tool) -> Fields:
    own = tool.origin is not None and tool.origin.protocol == NAME
    spec: Fields = {"name": tool.name}
    if tool.description or (own and tool.description is not None):
        spec["description"] = tool.description
    if tool.schema is not None:
        spec["inputSchema"] = {"json": tool.schema}
    elif not own:
        spec["inputSchema"] = {"json": _ANYTHING}
    if tool.strict is not None:
        spec["strict"] = tool.strict
    return merged(tool.origin.rest, spec) if own and tool.origin else spec
