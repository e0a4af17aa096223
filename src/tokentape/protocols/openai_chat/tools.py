"""Tools, both ways: `tools`, and the older `functions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import NativeTool, Tool
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.openai_chat.content import cache_mark
from tokentape.protocols.openai_chat.options import NAME

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import CacheMark
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_TOOL = frozenset({"type", "function", "custom", "cache_control"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_CUSTOM = frozenset({"name", "description", "format"})


def read_tool(value: Json, where: Where, path: Path) -> Tool | NativeTool:
    """An entry of `tools`; of another type, one that the server runs itself."""
    tool = where.fields(value, *path)
    kind = tool.get("type", "function")
    if kind not in ("function", "custom"):
        return NativeTool(NAME, kind if isinstance(kind, str) else "tool", value, Origin(NAME, path))
    name = "custom" if kind == "custom" else "function"
    inner = where.fields(tool.get(name), *path, name)
    rest: Fields = (
        {}
        if tool.keys() == {"type", name}
        else {k: v for k, v in tool.items() if v is None or k not in _TOOL}
    )
    spelling: Fields = {} if "type" in tool else {"type": None}
    mark = cache_mark(tool.get("cache_control"), where, (*path, "cache_control"))
    return _tool(inner, where, (*path, name), name, mark, Origin(NAME, path, rest, spelling))


def _tool(inner: Fields, where: Where, path: Path, kind: str, mark: CacheMark | None, origin: Origin) -> Tool:
    known = _CUSTOM if kind == "custom" else _FUNCTION
    if not inner.keys() <= known or None in inner.values():
        more: Fields = {k: v for k, v in inner.items() if v is None or k not in known}
        origin = Origin(NAME, origin.path, {**origin.rest, kind: more}, origin.spelling)
    return Tool(
        where.text(inner.get("name"), *path, "name"),
        where.text_or_none(inner.get("description"), *path, "description"),
        inner.get("parameters") if kind != "custom" else None,
        where.flag_or_none(inner.get("strict"), *path, "strict") if kind != "custom" else None,
        kind,
        inner.get("format") if kind == "custom" else None,
        mark,
        origin,
    )


def read_function(value: Json, where: Where, path: Path) -> Tool:
    """An entry of the older `functions`."""
    function = where.fields(value, *path)
    return _tool(function, where, path, "function", None, Origin(NAME, path, NOTHING, {"as": "functions"}))


def write_tool(tool: Tool, own: bool) -> Fields:
    """An entry of `tools`, or of `functions` if it came from there."""
    origin = tool.origin if own else None
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    kind = "custom" if tool.kind == "custom" else "function"
    more = rest.get(kind) if rest else None
    inner: Fields = dict(more) if isinstance(more, dict) else {}
    inner["name"] = tool.name
    if tool.description is not None:
        inner["description"] = tool.description
    if kind == "custom":
        if tool.format is not None:
            inner["format"] = tool.format
    else:
        if tool.schema is not None:
            inner["parameters"] = tool.schema
        if tool.strict is not None:
            inner["strict"] = tool.strict
    if spelling.get("as") == "functions":
        return inner
    written: Fields = {**rest, "type": kind, kind: inner}
    if "type" in spelling and kind == "function":
        del written["type"]
    return written


def write_mark(mark: CacheMark) -> Json:
    """`cache_control` as Anthropic writes it."""
    rest = mark.origin.rest if mark.origin and mark.origin.protocol == NAME else {"type": "ephemeral"}
    return {**rest, "ttl": mark.ttl} if mark.ttl is not None else dict(rest)
