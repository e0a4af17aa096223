"""The choice among tools, both ways: `tool_choice`, and the older `function_call`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import ToolChoice
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.conversation import NativeTool, Tool
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WORDS: dict[str, Literal["auto", "none", "required"]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
    "any": "required",
}
"""`any` is Mistral's older word for `required`."""


def read_choice(value: Json) -> ToolChoice | None:
    """`tool_choice`; None for what is not known, which stays where it was."""
    path = ("tool_choice",)
    if isinstance(value, str):
        if (mode := _WORDS.get(value)) is None:
            return None
        return ToolChoice(
            mode, origin=Origin(NAME, path, NOTHING, NOTHING if mode == value else {"as": value})
        )
    choice = fields(value)
    kind = choice.get("type", "function" if "function" in choice else None)  # some servers do without
    if kind == "allowed_tools":
        return _allowed(choice)
    if kind not in ("function", "custom"):
        return None
    inner = fields(choice.get(text(kind)))
    name = text(inner.get("name"))
    rest: Fields = {key: said for key, said in choice.items() if key not in ("type", kind)}
    if more := {key: said for key, said in inner.items() if key != "name"}:
        rest[text(kind)] = more
    spelling: Fields = {"kind": kind} if kind == "custom" else {}
    if "type" not in choice:
        spelling["type"] = False
    return ToolChoice("tool", (name,), origin=Origin(NAME, path, rest, spelling)) if name else None


def _allowed(choice: Fields) -> ToolChoice | None:
    told = fields(choice.get("allowed_tools"))
    entries = told.get("tools")
    names = _names(entries)
    if told.get("mode") not in ("auto", "required") or names is None:
        return None
    rest: Fields = {key: said for key, said in choice.items() if key not in ("type", "allowed_tools")}
    if more := {key: said for key, said in told.items() if key not in ("mode", "tools")}:
        rest["allowed_tools"] = more
    origin = Origin(NAME, ("tool_choice",), rest, {"tools": entries})
    return ToolChoice("allowed", names, told.get("mode") == "required", origin)


def _names(entries: Json) -> tuple[str, ...] | None:
    if not isinstance(entries, list):
        return None
    found = [
        text(fields(fields(entry).get(text(fields(entry).get("type")))).get("name")) for entry in entries
    ]
    return tuple(found) if all(found) else None


def read_function_choice(value: Json) -> ToolChoice | None:
    """The older `function_call` of a request."""
    origin = Origin(NAME, ("function_call",), NOTHING, {"as": "function_call"})
    if value in ("auto", "none"):
        return ToolChoice("auto" if value == "auto" else "none", origin=origin)
    choice = fields(value)
    name = text(choice.get("name"))
    return ToolChoice("tool", (name,), origin=origin) if name and len(choice) == 1 else None


def write_choice(choice: ToolChoice, tools: Iterable[Tool | NativeTool], own: bool) -> tuple[str, Json]:
    """The name of the field, and its value."""
    origin = choice.origin if own else None
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    if spelling.get("as") == "function_call" and choice.mode in ("auto", "none", "tool"):
        return "function_call", {"name": choice.names[0]} if choice.mode == "tool" else choice.mode
    if choice.mode in ("auto", "none", "required"):
        word = text(spelling.get("as"))
        return "tool_choice", word if _WORDS.get(word) == choice.mode else choice.mode
    custom = {tool.name for tool in tools if getattr(tool, "kind", "") == "custom" and hasattr(tool, "name")}
    if choice.mode == "tool":
        name = choice.names[0] if choice.names else ""
        kind = "custom" if name in custom or spelling.get("kind") == "custom" else "function"
        inner: Fields = {**fields(rest.get(kind)), "name": name}
        typed: Fields = {} if spelling.get("type") is False else {"type": kind}
        return "tool_choice", {**rest, **typed, kind: inner}
    return "tool_choice", _write_allowed(
        choice, custom, rest.get("allowed_tools"), spelling.get("tools"), dict(rest)
    )


def _write_allowed(choice: ToolChoice, custom: set[str], more: Json, spelled: Json, rest: Fields) -> Fields:
    entries: list[Json] = [
        {"type": kind, kind: {"name": name}}
        for name in choice.names
        for kind in ("custom" if name in custom else "function",)
    ]
    listed = spelled if _names(spelled) == choice.names else entries
    told: Fields = {**fields(more), "mode": "required" if choice.required else "auto", "tools": listed}
    return {**rest, "type": "allowed_tools", "allowed_tools": told}
