"""Images, documents, video and audio of Converse as parts. None: written in a way that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME, media_type_of
from tokentape.protocols.bedrock_converse.merging import inner
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import Audio, Document, Image, Inline, Plain, Url, Video

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.parts import Source
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset({"format", "source"})
_DOCUMENT = frozenset({"format", "source", "name", "context", "citations"})
_WAYS = frozenset({"bytes", "s3Location", "text", "content"})
_URI = frozenset({"uri"})
_ENABLED = frozenset({"enabled"})


def image(value: Fields, where: Where) -> Image | None:
    """A picture."""
    found = _source("image", value, where)
    if found is None:
        return None
    return Image(found[0], origin=_origin(where, value, _KNOWN, found[1]))


def video(value: Fields, where: Where) -> Video | None:
    """Moving pictures."""
    found = _source("video", value, where)
    return Video(found[0], origin=_origin(where, value, _KNOWN, found[1])) if found else None


def audio(value: Fields, where: Where) -> Audio | None:
    """Sound."""
    found = _source("audio", value, where)
    return Audio(found[0], origin=_origin(where, value, _KNOWN, found[1])) if found else None


def document(value: Fields, where: Where) -> Document | None:
    """A file to read: bytes, a place in S3, or its text, in one or several pieces."""
    found = _source("document", value, where)
    if found is None:
        return None
    source, extra, spelling = found[0], found[1], found[2]
    citations = inner(value, "citations", where)
    if value.get("citations") is not None and (left := rest_of(citations, _ENABLED) or not citations):
        extra = {**extra, "citations": dict(left) if isinstance(left, dict) else {}}
    return Document(
        source,
        name=where.text_or_none(value.get("name"), "name"),
        context=where.text_or_none(value.get("context"), "context"),
        cited=where.flag_or_none(citations.get("enabled"), "citations", "enabled"),
        origin=_origin(where, value, _DOCUMENT, extra, spelling),
    )


def _origin(
    where: Where,
    value: Fields,
    known: frozenset[str],
    extra: Mapping[str, Json],
    spelling: Mapping[str, Json] | None = None,
) -> Origin:
    return Origin(NAME, where.path, {**rest_of(value, known), **extra}, spelling or {})


def _source(kind: str, value: Fields, where: Where) -> tuple[Source, Fields, Fields] | None:
    """The source, what else stands around it, and how it is spelt; None for a way that is not known."""
    given = where.text_or_none(value.get("format"), "format")
    told = where.fields(value.get("source"), "source")
    ways = [way for way in told if way in _WAYS and told[way] is not None]
    if len(ways) != 1 or (kind != "document" and ways[0] in ("text", "content")):
        return None
    way, media_type = ways[0], media_type_of(kind, given) if given is not None else ""
    rest = dict(rest_of(told, _WAYS))
    extra: Fields = {"source": rest} if rest else {}
    match way:
        case "bytes":
            return Inline(media_type, where.text(told[way], "source", way)), extra, {}
        case "s3Location":
            location = where.fields(told[way], "source", way)
            if left := rest_of(location, _URI):
                extra = {"source": {**rest, "s3Location": dict(left)}}
            uri = where.text(location.get("uri"), "source", way, "uri")
            return Url(uri, media_type or None), extra, {}
        case "text":
            return Plain(where.text(told[way], "source", way)), extra, {"format": given}
    return _pieces(where.entries(told[way], "source", way), extra, given)


def _pieces(content: list[Json], extra: Fields, given: str | None) -> tuple[Source, Fields, Fields] | None:
    texts = [entry["text"] for entry in content if isinstance(entry, dict) and entry.keys() == {"text"}]
    said = [text for text in texts if isinstance(text, str)]
    if len(said) != len(content):
        return None
    return Plain("\n\n".join(said)), extra, {"format": given, "content": list(said)}
