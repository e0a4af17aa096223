"""Results of the caller's functions: `functionResponse` (cases 4, 6, 28, 34).

`response` has to be an object. A text stands in it as `result` (or `output`), an error as `error`; an
object stands as it is. Media are parts beside it, which Gemini 3 reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.arguments import json_text
from tokentape.protocols.canonical.items import ToolResult
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    Image,
    Refusal,
    Text,
    Unknown,
    Video,
)
from tokentape.protocols.gemini.media import MEDIA, read_media, write_media
from tokentape.protocols.gemini.names import NAME, Again, Found, known

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Path, Turn
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.gemini.content import ContentReader
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PART = known("functionResponse")
_RESULT = known("id", "name", "response", "parts")
_MEDIA = known(*MEDIA)


def read_result(fields: Fields, path: Path, turn: Turn, reader: ContentReader) -> ToolResult | None:
    """The result; None where it does not even name the function."""
    found = Found()
    told = found.object(fields, _PART)
    inner = (*path, "functionResponse")
    where = reader.where.at(*inner)
    result = found.object(where.fields(told["functionResponse"]), _RESULT, "functionResponse.")
    name = where.text_or_none(result.get("name"), "name")
    given = where.text_or_none(result.get("id"), "id")
    if name is None and given is None:
        return None
    if given == "":
        found.spelling["=id"] = ""
    parts: list[Part] = []
    is_error = None
    if "response" in result:
        part, is_error = _said(where.fields(result["response"], "response"), found)
        parts.append(part)
    if "parts" in result:
        entries = where.entries(result["parts"], "parts")
        found.spelling["=media"] = len(entries)
        parts += [_medium(entry, (*inner, "parts", nth), reader) for nth, entry in enumerate(entries)]
    return ToolResult(
        given or "", tuple(parts), name=name, is_error=is_error, origin=found.origin(path, turn)
    )


def _said(response: Fields, found: Found) -> tuple[Part, bool | None]:
    """What the response says, and whether that is an error."""
    if len(response) == 1:
        [(key, value)] = response.items()
        if key == "error":
            return (Text(value) if isinstance(value, str) else Data(value)), True
        if key in ("result", "output") and not isinstance(value, dict):
            if key == "output":
                found.spelling["=key"] = key
            return (Text(value) if isinstance(value, str) else Data(value)), None
    return Data(response), None


def _medium(value: Json, path: Path, reader: ContentReader) -> Part:
    fields = reader.where.fields(value, *path)
    kind = next((_MEDIA.snakes.get(name, name) for name, told in fields.items() if told is not None), "")
    part = read_media(fields, kind, path, reader) if kind in MEDIA else None
    return part or Unknown(NAME, fields, Origin(NAME, path))


def write_result(item: ToolResult, name: str | None, given: str, losses: Losses) -> Fields:
    """The part. `name` is the function's, as the call says it."""
    again = Again(item.origin)
    own = item.origin is not None and item.origin.protocol == NAME
    said: list[Part] = []
    media: list[Json] = []
    for nth, part in enumerate(item.parts):
        place = part.origin or (*(item.origin.path if item.origin else ()), "content", nth)
        if isinstance(part, Image | Document | Audio | Video):
            shown = write_media(part, own, losses, place)
            if shown is not None:
                media.append(shown)
        elif isinstance(part, Unknown):
            media.append(part.json)
        else:
            said.append(part)
    inner: Fields = {}
    if given or again.spelling.get("=id") == "":
        inner["id"] = given
    if name is not None:
        inner["name"] = name
    if said or not ((own and "functionResponse.response" in again.rest) or _had_none(item, own)):
        inner["response"] = _response(said, item, again, losses, own)
    if media or (own and again.spelling.get("=media") == 0):
        inner["parts"] = media
    return again.object({"functionResponse": again.object(inner, "functionResponse.")})


def _had_none(item: ToolResult, own: bool) -> bool:
    """True for a result of this dialect that came without a response."""
    return own and not any(isinstance(part, Text | Data | Refusal) for part in item.parts)


def _response(said: list[Part], item: ToolResult, again: Again, losses: Losses, own: bool) -> dict[str, Json]:
    key = again.spelling.get("=key", "result")
    key = "error" if item.is_error else key if isinstance(key, str) else "result"
    values = [_value(part) for part in said]
    if all(isinstance(part, Text | Refusal) for part in said):
        return {key: "\n\n".join(str(value) for value in values)}
    value: Json = values[0] if len(values) == 1 else list(values)
    if not own and _refers(value):
        losses.tuning(item.origin, "$ref", "Gemini reads it as a reference to media: the result is JSON text")
        return {key: json_text(value, losses, item.origin)}
    return value if isinstance(value, dict) and key != "error" else {key: value}


def _value(part: Part) -> Json:
    return part.text if isinstance(part, Text | Refusal) else part.value if isinstance(part, Data) else None


def _refers(value: Json) -> bool:
    """True if a `$ref` is anywhere in the value (case 34)."""
    open_values = [value]
    while open_values:
        found = open_values.pop()
        if isinstance(found, dict):
            if "$ref" in found:
                return True
            open_values += found.values()
        elif isinstance(found, list):
            open_values += found
    return False
