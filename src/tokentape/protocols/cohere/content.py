"""Parts of messages, read and written: text and images; what tools give back also as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.arguments import json_text
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Unknown,
    Url,
    Video,
)
from tokentape.protocols.cohere.form import NAME, inner_of, merged, rest_from, spelling_from, telling
from tokentape.protocols.media import data_url, told_as_text

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_TEXT = frozenset({"type", "text"})
_IMAGE = frozenset({"type", "image_url"})
_PLACE = frozenset({"url", "detail"})
_DOCUMENT = frozenset({"type", "document"})
_HELD = frozenset({"data", "id"})
_MARKS = (("opaque", "signature"), ("cache", "cache mark"))


def read_part(value: Json, where: Where) -> Part:
    """One part of a content; of a type that is not known, `Unknown`."""
    part = where.fields(value)
    match part.get("type"):
        case "text":
            return Text(
                where.text(part.get("text"), "text"), origin=telling(where.path, rest_of(part, _TEXT))
            )
        case "image_url":
            return _read_image(part, where)
        case "document":
            return _read_document(part, where)
        case _:
            return Unknown(NAME, value, Origin(NAME, where.path))


def _read_image(part: Fields, where: Where) -> Image:
    rest, spelling, given = rest_of(part, _IMAGE), NOTHING, part.get("image_url")
    if isinstance(given, str):
        given, spelling = {"url": given}, {"image_url": "text"}
    place = where.fields(given, "image_url")
    url = where.text(place.get("url"), "image_url", "url")
    inline = data_url(url)
    source = inline if inline is not None and _url(inline) == url else Url(url)
    rest = merged(rest, "image_url", rest_of(place, _PLACE))
    detail = where.text_or_none(place.get("detail"), "image_url", "detail")
    return Image(source, detail, origin=Origin(NAME, where.path, rest, spelling))


def _url(inline: Inline) -> str:
    return f"data:{inline.media_type};base64,{inline.data}"


def _read_document(part: Fields, where: Where) -> Part:
    """What a tool gave back, as the documentation has it: text, or an object with anything in it."""
    held = where.fields(part.get("document"), "document")
    rest = merged(rest_of(part, _DOCUMENT), "document", rest_of(held, _HELD))
    spelling: Fields = {"type": "document"}
    if (given := where.text_or_none(held.get("id"), "document", "id")) is not None:
        spelling["id"] = given
    data = held.get("data")
    if data is None:
        spelling["data"] = False
    origin = Origin(NAME, where.path, rest, spelling)
    return Text(data, origin=origin) if isinstance(data, str) else Data(data, origin=origin)


def written_parts(parts: tuple[Part, ...], origin: Origin | None, losses: Losses) -> list[Json]:
    """The parts, as those of a user's message."""
    written: list[Json] = []
    for part in parts:
        if type(part) is Text:
            written.append(written_text(part, part.origin or origin, losses))
        else:
            written += _written(part, part.origin or origin, losses)
    return written


def _written(part: Part, origin: Origin | None, losses: Losses) -> list[Json]:
    match part:
        case Image():
            return _written_image(part, origin, losses)
        case Refusal():
            losses.tuning(origin, "refusal", "it is told as text")
            return [{"type": "text", "text": part.text}]
        case Data():
            return [_written_data(part, origin, losses)]
        case Document(source=Plain(text=text)):
            told_as_text(part, origin, losses)
            return [{"type": "text", "text": text}]
        case Document() | Audio() | Video():
            losses.meaning(origin, type(part).__name__.lower(), "only text and images can be sent")
            return []
        case _:
            return [part.json] if isinstance(part, Unknown) else []


def written_text(part: Text, origin: Origin | None, losses: Losses) -> Json:
    """A text; one that stood in a document goes back there."""
    for name, what in _MARKS:
        if getattr(part, name):
            losses.tuning(origin, what, "there is no place for it")
    if part.origin is None:
        return {"type": "text", "text": part.text}
    rest, spelling = rest_from(part.origin), spelling_from(part.origin)
    if spelling.get("type") == "document":
        return _document(part.text, part.origin)
    return {**rest, "type": "text", "text": part.text}


def _document(data: Json, origin: Origin | None) -> Fields:
    rest, spelling = rest_from(origin), spelling_from(origin)
    held: Fields = inner_of(rest, "document")
    if data is not None or spelling.get("data", True):
        held["data"] = data
    if "id" in spelling:
        held["id"] = spelling["id"]
    return {**rest, "type": "document", "document": held}


def _written_data(part: Data, origin: Origin | None, losses: Losses) -> Json:
    """A value: objects are documents, others are told as text."""
    if isinstance(part.value, dict) or spelling_from(part.origin).get("type") == "document":
        return _document(part.value, part.origin)
    return {"type": "text", "text": json_text(part.value, losses, origin)}


def _written_image(part: Image, origin: Origin | None, losses: Losses) -> list[Json]:
    if part.cache is not None:
        losses.tuning(origin, "cache mark", "there is no place for it")
    match part.source:
        case Inline() as inline:
            url = _url(inline)
        case Url(url=url):
            pass
        case FileId():
            losses.meaning(origin, "image", "a file kept at a provider cannot be sent, only a URL or bytes")
            return []
        case _:
            losses.meaning(origin, "image", "only a URL or bytes can be sent")
            return []
    rest, spelling = rest_from(part.origin), spelling_from(part.origin)
    place: Fields = {**inner_of(rest, "image_url"), "url": url}
    if part.detail is not None:
        place["detail"] = part.detail
    bare = spelling.get("image_url") == "text" and len(place) == 1
    return [{**rest, "type": "image_url", "image_url": url if bare else place}]


def plain(parts: list[Json]) -> str | None:
    """The text, if there is one text and nothing else to say."""
    if len(parts) != 1 or not isinstance(only := parts[0], dict):
        return None
    said = only.get("text")
    return said if len(only) == 2 and only.get("type") == "text" and isinstance(said, str) else None
