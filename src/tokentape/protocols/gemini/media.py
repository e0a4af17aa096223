"""Media in parts: `inlineData` and `fileData`."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.parts import (
    Audio,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Url,
    Video,
)
from tokentape.protocols.gemini.names import NAME, Again, Found, known
from tokentape.protocols.media import data_url, guessed_type

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Path
    from tokentape.protocols.canonical.parts import Source
    from tokentape.protocols.gemini.content import ContentReader
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    Medium = Image | Document | Audio | Video

MEDIA = frozenset({"inlineData", "fileData"})

_PARTS = {name: known(name, "thoughtSignature") for name in MEDIA}
_INLINE = known("mimeType", "data", "displayName")
_FILE = known("mimeType", "fileUri", "displayName")


def read_media(fields: Fields, kind: str, path: Path, reader: ContentReader) -> Medium | None:
    """The medium; None where its data or its place is missing."""
    found = Found()
    told = found.object(fields, _PARTS[kind])
    where = reader.where.at(*path, kind)
    inner = found.object(where.fields(told[kind]), _INLINE if kind == "inlineData" else _FILE, f"{kind}.")
    media_type = where.text_or_none(inner.get("mimeType"), "mimeType")
    field = "data" if kind == "inlineData" else "fileUri"
    said = where.text_or_none(inner.get(field), field)
    name = where.text_or_none(inner.get("displayName"), "displayName")
    if said is None:
        return None
    if kind == "inlineData" and media_type is None:
        found.spelling["=type"] = "absent"
    source = Inline(media_type or "", said) if kind == "inlineData" else Url(said, media_type)
    major = (media_type or guessed_type(said) or "").partition("/")[0]
    if major in ("image", "audio", "video") and name is not None:
        found.rest[f"{kind}.displayName"] = name
    if major == "image":
        opaque = reader.signature(told, path)
        return Image(source, opaque=opaque, origin=found.origin(path))
    if "thoughtSignature" in told:
        found.rest["thoughtSignature"] = told["thoughtSignature"]
    origin = found.origin(path)
    if major == "audio":
        return Audio(source, origin=origin)
    return Video(source, origin=origin) if major == "video" else Document(source, name=name, origin=origin)


def write_media(part: Medium, own: bool, losses: Losses, origin: Origin | Path | None) -> Fields | None:
    """The part that shows it; None, and a loss, where there is none. `own`: it came from here."""
    again = Again(part.origin)
    place = part.origin or origin
    written = None if part.source is None else _written(part.source, own, again, losses, place)
    if written is None:
        if part.source is None:
            losses.meaning(place, "audio", "it is kept at another provider")
        return None
    _noted(part, losses, place)
    field, inner = written
    if isinstance(part, Document) and part.name is not None:
        if own or field == "inlineData":
            inner["displayName"] = part.name
        else:
            losses.tuning(place, "name", "the Gemini API refuses names of files it keeps")
    return again.object({field: again.object(inner, f"{field}.")})


def _noted(part: Medium, losses: Losses, place: Origin | Path | None) -> None:
    if isinstance(part, Image) and part.detail not in (None, "auto"):
        losses.tuning(place, "detail", "the dialect has no such hint")
    if isinstance(part, Audio) and part.transcript:
        losses.tuning(place, "transcript", "the sound itself goes over")
    if isinstance(part, Document) and part.context:
        losses.meaning(place, "context", "a document has no context here")
    if isinstance(part, Document) and part.cited:
        losses.tuning(place, "citations", "the dialect does not cite documents")


def _written(
    source: Source, own: bool, again: Again, losses: Losses, place: Origin | Path | None
) -> tuple[str, Fields] | None:
    if isinstance(source, Plain):
        data = b64encode(source.text.encode("utf-8", "replace")).decode()
        return "inlineData", {"mimeType": "text/plain", "data": data}
    if isinstance(source, Inline):
        if not source.media_type and again.spelling.get("=type") == "absent":
            return "inlineData", {"data": source.data}
        return "inlineData", {"mimeType": source.media_type, "data": source.data}
    if isinstance(source, FileId):
        if source.protocol == NAME:
            return "fileData", _file(source.id, source.media_type)
        losses.meaning(place, "file", f"it is kept at another provider ({source.protocol})")
        return None
    return _url(source, own, losses, place)


def _url(source: Url, own: bool, losses: Losses, place: Origin | Path | None) -> tuple[str, Fields] | None:
    """Case 26: the API fetches nothing but its own files, cloud storage and YouTube."""
    inline = data_url(source.url)
    if inline is not None and not own:
        return "inlineData", {"mimeType": inline.media_type, "data": inline.data}
    if own or _is_kept(source.url):
        guessed = None if own else guessed_type(source.url)
        return "fileData", _file(source.url, source.media_type or guessed)
    why = "Gemini does not fetch URLs: put it inline (protocols.media.inlined), or upload it as a file"
    losses.meaning(place, "URL", why)
    return None


def _is_kept(url: str) -> bool:
    places = (
        "gs://",
        "https://generativelanguage.googleapis.com/",
        "https://www.youtube.com/",
        "https://youtu.be/",
    )
    return url.startswith(places)


def _file(url: str, media_type: str | None) -> Fields:
    return {"fileUri": url} if media_type is None else {"mimeType": media_type, "fileUri": url}
