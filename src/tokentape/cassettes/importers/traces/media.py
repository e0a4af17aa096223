"""Images, documents, sounds and videos in the ways that traces write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.protocols.canonical.parts import Audio, Document, FileId, Image, Inline, Plain, Url, Video
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KINDS = (
    ("image", re.compile(r"image")),
    ("audio", re.compile(r"audio|sound")),
    ("video", re.compile(r"video")),
    ("document", re.compile(r"document|file|pdf|blob|uri|inline_?data|media", re.IGNORECASE)),
)
_DATA = re.compile(r"data:(?P<media>[\w.+/-]*)(?:;[\w=.+-]+)*;base64,(?P<data>.*)", re.DOTALL)
_TYPE = ("mime_type", "media_type", "mimeType", "mediaType")
_BYTES = ("data", "base64", "bytes", "content", "file_data", "blob")
_ADDRESS = ("url", "uri", "fileUri", "file_uri", "image_url", "file_url", "image.url")
_IDS = ("file_id", "fileId", "id")


def media_of(kind: str, block: Fields) -> Part | None:
    """The part; None for a block that is no medium. Raises `LeftOut` where the trace holds no bytes of it."""
    name = next((name for name, words in _KINDS if words.search(kind)), None)
    if name is None:
        return None
    source = _source(block, kind)
    if source is None:
        raise LeftOut(f"it holds {_an(name)} whose bytes the trace does not hold")
    media = getattr(source, "media_type", "") or text(block.get("modality"))
    if name == "document":
        name = next((other for other in ("image", "audio", "video") if media.startswith(other)), name)
    return _part(name, source, block)


def _an(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _part(name: str, source: Source, block: Fields) -> Part:
    match name:
        case "image":
            detail = text(fields(block.get("image_url")).get("detail")) or text(block.get("detail"))
            return Image(source, detail or None)
        case "audio":
            return Audio(source)
        case "video":
            return Video(source)
        case _:
            inner = fields(block.get("file")) or fields(block.get("document")) or block
            title = next((said for key in _TITLES if (said := text(inner.get(key)))), "")
            return Document(source, title or None)


_TITLES = ("filename", "file_name", "title", "name")


def _source(block: Fields, kind: str) -> Source | None:
    """Where the bytes are: in the block, or in the object inside it."""
    places = (block, *map(fields, _inner(block, kind)))
    media = next((said for place in places if (said := _media(place, kind))), "")
    for place in places:
        if place.get("type") == "text" and (plain := text(place.get("data"))):
            return Plain(plain)
        for key in _ADDRESS:
            if isinstance(place.get(key), str) and (found := _at(text(place[key]), media)):
                return found
        for key in _BYTES:
            if isinstance(place.get(key), str) and (found := _bytes(text(place[key]), media)):
                return found
        if (file := next((said for key in _IDS[:2] if (said := text(place.get(key)))), "")) and place:
            return FileId(file, "openai.chat")
    return None


def _media(place: Fields, kind: str) -> str:
    """The media type, or what a format says of it (`png`)."""
    told = next((said for key in _TYPE if (said := text(place.get(key)))), "")
    form = text(place.get("format"))
    if told or not form:
        return told
    return form if "/" in form else f"{kind.removeprefix('input_').partition('_')[0]}/{form}"


def _inner(block: Fields, kind: str) -> list[Json]:
    """The objects inside, the nearest first: `source`, `image_url`, `inlineData`, `image.source` ..."""
    found = [block.get(kind), *(value for value in block.values() if isinstance(value, dict))]
    return [*found, *(value for one in found for value in fields(one).values() if isinstance(value, dict))]


def _at(address: str, media: str) -> Source | None:
    if found := _DATA.fullmatch(address):
        return Inline(found["media"] or media, found["data"]) if _is_base64(found["data"]) else None
    return Url(address, media or None) if re.match(r"[a-z][a-z0-9+.-]*://", address) else None


def _bytes(data: str, media: str) -> Source | None:
    if data.startswith("data:"):
        return _at(data, media)
    return Inline(media, data) if _is_base64(data) else None


def _is_base64(data: str) -> bool:
    """False for the marks that tools leave in the place of bytes ("<image>", "@@@langfuseMedia:...@@@")."""
    return bool(data) and _BASE64.fullmatch(data) is not None


_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\r\n]+={0,2}\s*")
