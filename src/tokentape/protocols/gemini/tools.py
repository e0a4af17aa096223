"""Tools, and which of them to call: `tools` and `toolConfig`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import NativeTool, Tool, ToolChoice
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn
from tokentape.protocols.gemini.names import NAME, Again, Found, known
from tokentape.protocols.gemini.options import kept_schema, read_schema
from tokentape.protocols.schemas import subset_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_DECLARATION = known("name", "description", "parameters", "parametersJsonSchema")
_FUNCTIONS = ("functionDeclarations", "function_declarations")
_KINDS = {
    "googleSearch": "web_search",
    "googleSearchRetrieval": "web_search",
    "enterpriseWebSearch": "web_search",
    "codeExecution": "code_execution",
    "urlContext": "web_fetch",
    "computerUse": "computer_use",
    "fileSearch": "file_search",
    "googleMaps": "google_maps",
    "mcpServers": "mcp",
}
_NATIVE = known(*_KINDS)


def read_tools(entries: list[Json], where: Where) -> list[Tool | NativeTool]:
    """The tools. One tool object may hold several of them; which, its turn tells."""
    tools: list[Tool | NativeTool] = []
    for nth, entry in enumerate(entries):
        fields = where.fields(entry, "tools", nth)
        declared = next((name for name in _FUNCTIONS if fields.get(name)), None)
        spelling: Fields = {"=functions": declared} if declared == _FUNCTIONS[1] else {}
        turn = Turn(("tools", nth), spelling=spelling or NOTHING)
        for name, value in fields.items():
            path = ("tools", nth, name)
            if name == declared:
                declarations = where.entries(value, *path)
                tools += [_declaration(each, (*path, n), turn, where) for n, each in enumerate(declarations)]
            else:
                kind = _NATIVE.snakes.get(name, name)
                origin = Origin(NAME, path, turn=turn)
                tools.append(NativeTool(NAME, _KINDS.get(kind, kind), {name: value}, origin))
        if not fields:
            tools.append(NativeTool(NAME, "nothing", {}, Origin(NAME, turn.path, turn=turn)))
    return tools


def _declaration(value: Json, path: tuple[str | int, ...], turn: Turn, where: Where) -> Tool:
    found = Found()
    told = found.object(where.fields(value, *path), _DECLARATION)
    schema = told.get("parametersJsonSchema")
    if "parameters" in told:
        if schema is not None:
            found.rest["parameters"] = told["parameters"]
        else:
            found.spelling["=schema"] = "parameters"
            raw = told["parameters"]
            schema = read_schema(raw, where, *path, "parameters")
            if schema != raw:
                found.spelling["=raw"] = raw
    name = where.text(told.get("name"), *path, "name")
    description = where.text_or_none(told.get("description"), *path, "description")
    return Tool(name, description, schema, origin=found.origin(path, turn))


def write_tools(tools: Iterable[Tool | NativeTool], subset: bool, losses: Losses) -> list[Json]:
    """Tool objects. Those that stood in one come back in one; all foreign functions are in one."""
    written: list[Json] = []
    last: Fields = {}
    turn: Turn | None = None
    for tool in tools:
        if isinstance(tool, NativeTool) and tool.protocol != NAME:
            continue
        if isinstance(tool, Tool) and tool.kind != "function":
            losses.meaning(tool.origin, f"tool {tool.name}", f"tools of kind {tool.kind} have no place here")
            continue
        own = tool.origin.turn if tool.origin and tool.origin.protocol == NAME else None
        apart = isinstance(tool, NativeTool) if own is None else own is not turn
        if apart or not written:
            last, turn = {}, own
            written.append(last)
        if isinstance(tool, NativeTool):
            last.update(tool.json if isinstance(tool.json, dict) else {})
            continue
        name = _FUNCTIONS[1 if turn is not None and turn.spelling.get("=functions") else 0]
        functions = last.setdefault(name, [])
        if isinstance(functions, list):
            functions.append(_function(tool, subset, losses))
    return written


def _function(tool: Tool, subset: bool, losses: Losses) -> Fields:
    again = Again(tool.origin)
    written: Fields = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    if tool.schema is not None:
        if again.spelling.get("=schema") == "parameters":
            written["parameters"] = kept_schema(tool.schema, again.spelling.get("=raw"))
        elif subset:
            parameters = subset_of(tool.schema, tool.origin, losses)
            if parameters.get("properties") or parameters.get("type") != "object":
                written["parameters"] = parameters
        else:
            written["parametersJsonSchema"] = tool.schema
    if tool.strict:
        losses.tuning(tool.origin, "strict", "functions have no such field")
    if tool.cache is not None:
        losses.tuning(tool.origin, "caching mark", "the dialect caches by itself")
    return again.object(written)


_CONFIG = known("functionCallingConfig")
_CALLING = known("mode", "allowedFunctionNames")
_MODES = {1: "AUTO", 2: "ANY", 3: "NONE", 4: "VALIDATED"}
_PATH = ("toolConfig", "functionCallingConfig")


def read_choice(config: Json, found: Found, where: Where) -> ToolChoice | None:
    """Which tools to call; what else the config says is left in `found`."""
    told = found.object(where.fields(config, "toolConfig"), _CONFIG, "toolConfig.")
    if "functionCallingConfig" not in told:
        found.spelling["=toolConfig"] = "empty"
        return None
    mine = Found()
    calling = mine.object(where.fields(told["functionCallingConfig"], *_PATH), _CALLING)
    raw = calling.get("mode")
    word = _MODES.get(raw) if isinstance(raw, int) else where.text_or_none(raw, *_PATH, "mode")
    mine.spelling["=mode"] = raw
    names = where.texts_or_none(calling.get("allowedFunctionNames"), *_PATH, "allowedFunctionNames")
    if names == () or isinstance(calling.get("allowedFunctionNames"), str):
        mine.spelling["=names"] = calling["allowedFunctionNames"]
    mode, required = _mode((word or "").upper(), names or ())
    return ToolChoice(mode, names or (), required, mine.origin(_PATH))


Mode = Literal["auto", "none", "required", "tool", "allowed"]


def _mode(word: str, names: tuple[str, ...]) -> tuple[Mode, bool]:
    if word == "NONE":
        return "none", False
    if word == "ANY":
        return ("required", False) if not names else ("tool", False) if len(names) == 1 else ("allowed", True)
    return ("allowed", False) if names else ("auto", False)


def write_choice(choice: ToolChoice) -> Fields:
    """The function calling config."""
    again = Again(choice.origin)
    written: Fields = {"mode": _word(choice)}
    if "=mode" in again.spelling:
        raw = again.spelling["=mode"]
        word = _MODES.get(raw, "") if isinstance(raw, int) else str(raw or "").upper()
        if _mode(word, choice.names) == (choice.mode, choice.required):
            written = {} if raw is None else {"mode": raw}
    if choice.names:
        written["allowedFunctionNames"] = list(choice.names)
    if "=names" in again.spelling and choice.names in ((), (again.spelling["=names"],)):
        written["allowedFunctionNames"] = again.spelling["=names"]
    return again.object(written)


def _word(choice: ToolChoice) -> str:
    if choice.mode == "allowed":
        return "ANY" if choice.required else "VALIDATED"
    return {"auto": "AUTO", "none": "NONE"}.get(choice.mode, "ANY")
