"""Tool calls of a message, read: `tool_calls`, and the older `function_call`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.arguments import arguments_text
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.origin import NOTHING, Opaque, Origin
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.openai_chat.content import cache_mark
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Maker, Path, Turn
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CALL = frozenset({"id", "type", "function", "custom", "cache_control"})
_FUNCTION = frozenset({"name", "arguments"})
_CUSTOM = frozenset({"name", "input"})
_PLAIN = {"id", "type", "function"}


def read_call(value: Json, where: Where, path: Path, turn: Turn | None, maker: Maker) -> ToolCall | Unknown:
    """One entry of `tool_calls`; of a type that is not known, `Unknown`."""
    call = where.fields(value, *path)
    kind = call.get("type")
    custom = kind == "custom"
    if not custom and kind not in ("function", None, ""):
        return Unknown(NAME, value, Origin(NAME, path, spelling=_AS_CALL, turn=turn))
    name = "custom" if custom else "function"
    inner = where.fields(call.get(name), *path, name)
    written = "input" if custom else "arguments"
    arguments, spelling = _arguments(inner.get(written), where, (*path, name, written))
    given = where.text_or_none(call.get("id"), *path, "id")
    called = where.text_or_none(inner.get("name"), *path, name, "name")
    known = _CUSTOM if custom else _FUNCTION
    if len(call) == 3 and call.keys() == _PLAIN and inner.keys() == known and given and called:
        origin = Origin(NAME, path, NOTHING, spelling, turn)
        return ToolCall(given, called, arguments, origin=origin)
    rest = {key: said for key, said in call.items() if said is None or said == "" or key not in _CALL}
    if more := {key: said for key, said in inner.items() if said is None or key not in known}:
        rest[name] = more
    opaque, rest = _signed(rest, maker)
    mark = cache_mark(call.get("cache_control"), where, (*path, "cache_control"))
    if not isinstance(kind, str):
        spelling = {**spelling, "type": None}
    if written not in inner:
        spelling = {**spelling, "arguments": None}
    origin = Origin(NAME, path, rest or NOTHING, spelling, turn)
    said_as = "custom" if custom else "function"
    return ToolCall(given or "", called or "", arguments, said_as, opaque, mark, origin=origin)


_AS_CALL: Mapping[str, Json] = {"as": "call"}


def _arguments(value: Json, where: Where, path: Path) -> tuple[str, Mapping[str, Json]]:
    """The text of the arguments; some servers give the object."""
    if isinstance(value, str):
        return value, NOTHING
    if value is None:
        return "", NOTHING
    told = arguments_text(where.fields(value, *path), where, *path)
    return told, {"arguments": "object"}


def _signed(rest: Fields, maker: Maker) -> tuple[tuple[Opaque, ...], Fields]:
    """Gemini's thought signature, which its Chat endpoint puts into `extra_content.google` (case 18)."""
    signature = at(rest, "extra_content", "google", "thought_signature")
    if not isinstance(signature, str):
        return (), rest
    left = dict(rest)
    extra = left.pop("extra_content")
    if isinstance(extra, dict) and isinstance(google := extra.get("google"), dict):
        kept: Fields = {key: said for key, said in google.items() if key != "thought_signature"}
        others: Fields = {key: said for key, said in extra.items() if key != "google"}
        if kept:
            others["google"] = kept
        if others:
            left["extra_content"] = others
    return (Opaque("thought_signature", signature, maker),), left


def read_function_call(value: Json, where: Where, path: Path, turn: Turn) -> ToolCall:
    """The older way: one call, without an id; its result comes with the role `function`."""
    call = where.fields(value, *path)
    name = where.text_or_none(call.get("name"), *path, "name")
    arguments = where.text_or_none(call.get("arguments"), *path, "arguments")
    rest = {key: said for key, said in call.items() if said is None or key not in _FUNCTION}
    spelling: Fields = {"as": "function_call"}
    if "arguments" not in call:
        spelling["arguments"] = None
    if "name" not in call:
        spelling["name"] = None
    return ToolCall("", name or "", arguments or "", origin=Origin(NAME, path, rest, spelling, turn))
