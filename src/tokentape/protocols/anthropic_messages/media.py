"""Images and documents, both ways (API reference, "Vision", "PDF support", "Files")."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME, is_own, mark_of, written_mark
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import Document, FileId, Image, Inline, Plain, Unknown, Url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_IMAGE = frozenset({"type", "source", "cache_control"})
_DOCUMENT = frozenset({"type", "source", "title", "context", "citations", "cache_control"})
_ENABLED = frozenset({"enabled"})
_SOURCES = {
    "base64": frozenset({"type", "media_type", "data"}),
    "text": frozenset({"type", "media_type", "data"}),
    "url": frozenset({"type", "url"}),
    "file": frozenset({"type", "file_id"}),
}
_BEGINNINGS = {"iVBOR": "image/png", "/9j/": "image/jpeg", "R0lG": "image/gif", "UklG": "image/webp"}
"""How the base64 of each kind of image that Anthropic takes begins."""


def image_of(block: Fields, where: Where) -> Part:
    """An image; one whose source nobody knows is carried as it is."""
    read = _source_of(block.get("source"), where.at("source"))
    if read is None:
        return Unknown(NAME, block, Origin(NAME, where.path))
    rest = _left(block, _IMAGE, read[1])
    mark = mark_of(block.get("cache_control"), where)
    return Image(read[0], cache=mark, origin=Origin(NAME, where.path, rest))


def document_of(block: Fields, where: Where) -> Part:
    """A document. One made of content blocks has no other form: it is carried as it is."""
    read = _source_of(block.get("source"), where.at("source"))
    if read is None:
        return Unknown(NAME, block, Origin(NAME, where.path))
    rest = _left(block, _DOCUMENT, read[1])
    cited = None
    if block.get("citations") is not None:
        told = where.fields(block["citations"], "citations")
        cited = where.flag_or_none(told.get("enabled"), "citations", "enabled")
        if cited is None or len(told) > 1:
            rest = {**rest, "citations": dict(rest_of(told, _ENABLED))}
    return Document(
        read[0],
        where.text_or_none(block.get("title"), "title"),
        where.text_or_none(block.get("context"), "context"),
        cited,
        mark_of(block.get("cache_control"), where),
        Origin(NAME, where.path, rest),
    )


def _left(block: Fields, known: frozenset[str], source: Mapping[str, Json]) -> Mapping[str, Json]:
    rest = rest_of(block, known)
    return {**rest, "source": dict(source)} if source else rest


def _source_of(value: Json, where: Where) -> tuple[Source, Mapping[str, Json]] | None:
    """The source, and the fields of it that nobody has told us about; None for an unknown kind."""
    told = where.fields(value)
    kind = where.text(told.get("type"), "type")
    known = _SOURCES.get(kind)
    if known is None or (kind == "text" and told.get("media_type") != "text/plain"):
        return None
    rest = rest_of(told, known)
    if kind == "url":
        return Url(where.text(told.get("url"), "url")), rest
    if kind == "file":
        return FileId(where.text(told.get("file_id"), "file_id"), NAME), rest
    data = where.text(told.get("data"), "data")
    if kind == "base64":
        return Inline(where.text(told.get("media_type"), "media_type"), data), rest
    return Plain(data), rest


def written_image(part: Image, origin: Origin | None, losses: Losses) -> Fields | None:
    """An image block; None where the image cannot go (case 27)."""
    own = is_own(origin)
    source = _image_source(part.source, own)
    if source is None:
        losses.meaning(part.origin or origin, "image", _why(part.source))
        return None
    if part.detail not in (None, "auto"):
        losses.tuning(part.origin or origin, "detail", "Anthropic sizes images itself")
    return _block("image", source, part)


def _image_source(source: Source, own: bool) -> Fields | None:
    match source:
        case Inline(media_type, data):
            if not media_type and not own:
                media_type = next((kind for begin, kind in _BEGINNINGS.items() if data.startswith(begin)), "")
            fits = own or media_type.startswith("image/")
            return {"type": "base64", "media_type": media_type, "data": data} if fits else None
        case _:
            return _elsewhere(source, own)


def _elsewhere(source: Source, own: bool) -> Fields | None:
    if isinstance(source, Url) and (own or source.url.startswith(("https://", "http://"))):
        return {"type": "url", "url": source.url}
    if isinstance(source, FileId) and source.protocol == NAME:
        return {"type": "file", "file_id": source.id}
    return None


def written_document(part: Document, origin: Origin | None, losses: Losses) -> Fields | None:
    """A document block; None where the document cannot go: base64 may only be a PDF."""
    source = _document_source(part.source, is_own(origin))
    if source is None:
        losses.meaning(part.origin or origin, "document", _why(part.source))
        return None
    block = _block("document", source, part)
    if part.name is not None:
        block["title"] = part.name
    if part.context is not None:
        block["context"] = part.context
    if part.cited is not None:
        told = block.get("citations")
        block["citations"] = {**(told if isinstance(told, dict) else {}), "enabled": part.cited}
    return block


def _document_source(source: Source, own: bool) -> Fields | None:
    match source:
        case Plain(text):
            return {"type": "text", "media_type": "text/plain", "data": text}
        case Inline(media_type, data) if own or media_type == "application/pdf":
            return {"type": "base64", "media_type": media_type, "data": data}
        case Inline(media_type, data) if media_type.startswith("text/") or media_type == "application/json":
            try:
                text = b64decode(data).decode()
            except ValueError:
                return None
            return {"type": "text", "media_type": "text/plain", "data": text}
        case _:
            return _elsewhere(source, own)


def _block(kind: str, source: Fields, part: Image | Document) -> Fields:
    block: Fields = {"type": kind, "source": source}
    if is_own(part.origin):
        more = part.origin.rest.get("source")
        block = {**part.origin.rest, **block}
        if isinstance(more, dict):
            block["source"] = {**more, **source}
    if part.cache is not None:
        block["cache_control"] = written_mark(part.cache)
    return block


def _why(source: Source) -> str:
    match source:
        case Inline(media_type):
            return f"Anthropic does not take {media_type or 'data of no type'}"
        case Url(url):
            return f"Anthropic fetches from http(s), not from {url.partition(':')[0]}:"
        case FileId():
            return f"the file is kept at {source.protocol}"
        case Plain():
            return "an image is no text"
