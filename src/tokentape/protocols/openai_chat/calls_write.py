"""Tool calls of a message, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.fastjson import strictly
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import ToolCall
    from tokentape.protocols.canonical.origin import Opaque
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def is_legacy(call: ToolCall) -> bool:
    """True for a call that came as `function_call`."""
    origin = call.origin
    return origin is not None and origin.protocol == NAME and origin.spelling.get("as") == "function_call"


def write_call(call: ToolCall, given: str, blobs: tuple[Opaque, ...]) -> Fields:
    """An entry of `tool_calls` with the id `given`; `blobs` are those of its opaque state that may go."""
    origin = call.origin if call.origin and call.origin.protocol == NAME else None
    kind, written = ("custom", "input") if call.kind == "custom" else ("function", "arguments")
    if origin is None:
        # No arguments are `{}`, which a JSON parser takes (case 11).
        said = call.arguments or ("{}" if kind == "function" else "")
        call_fields: Fields = {"id": given, "type": kind, kind: {"name": call.name, written: said}}
    else:
        call_fields = _as_it_came(call, given, kind, written)
    if blobs:
        _sign(call_fields, blobs)
    return call_fields


def _as_it_came(call: ToolCall, given: str, kind: str, written: str) -> Fields:
    rest, spelling = (call.origin.rest, call.origin.spelling) if call.origin else (NOTHING, NOTHING)
    more = fields(rest.get(kind))
    inner: Fields = dict(more)
    if call.arguments or not (written in more or "arguments" in spelling):
        inner[written] = _arguments(call.arguments, spelling)
    if call.name or "name" not in inner:
        inner["name"] = call.name
    found: Fields = {**rest, kind: inner}
    if given:
        found["id"] = given
    if not ("type" in spelling and kind == "function"):
        found["type"] = kind
    return found


def _arguments(arguments: str, spelling: Mapping[str, Json]) -> Json:
    """The text; the object, where it came as one and still is."""
    if spelling.get("arguments") == "object":
        try:
            found = strictly(arguments)
        except (ValueError, RecursionError):
            return arguments
        return found if isinstance(found, dict) else arguments
    return arguments


def _sign(call: Fields, blobs: tuple[Opaque, ...]) -> None:
    for blob in blobs:
        if blob.kind == "thought_signature":
            extra = fields(call.get("extra_content"))
            google: Fields = {**fields(extra.get("google")), "thought_signature": blob.data}
            call["extra_content"] = {**extra, "google": google}


def write_function_call(call: ToolCall) -> Fields:
    """The older way; only what came like that is written like that."""
    origin = call.origin
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    written: Fields = dict(rest)
    for name, value in (("name", call.name), ("arguments", call.arguments)):
        if value or not (name in rest or name in spelling):
            written[name] = value
    return written
