"""Content of messages, written: a string where that says all, else parts."""

from __future__ import annotations

from mimetypes import guess_extension
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import json_text
from tokentape.protocols.canonical.origin import Origin
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
from tokentape.protocols.openai_chat.content import FORMATS, format_of, is_fetchable
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.tools import write_mark
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import CacheMark, Part, Source
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

MEDIA = (Image, Document, Audio, Video)


def is_plain(part: Part, target: Target) -> bool:
    """True for text that a string says as well."""
    if not isinstance(part, Text) or (part.origin is not None and part.origin.protocol == NAME):
        return False
    return part.cache is None or not takes_mark(part.cache, target)


def takes_mark(mark: CacheMark, target: Target) -> bool:
    """True if a caching mark may go: OpenAI refuses the field, others take it for Claude."""
    if target.quirks is NO_QUIRKS:
        return mark.origin is not None and mark.origin.protocol == NAME
    return target.quirks.cache_marks


def write_content(parts: tuple[Part, ...], target: Target, owner: Origin | None, *, listed: bool) -> Json:
    """The content; `listed`: as a list of parts, whatever it is. None where nothing can be said."""
    if not listed and len(parts) == 1 and is_plain(part := parts[0], target):
        note_text(part, target, owner)
        return part.text  # type: ignore[union-attr]
    path = owner.path if owner else ()
    written: list[Json] = [entry for part in parts if (entry := write_part(part, target, path)) is not None]
    if target.quirks.text_only and all(fields(part).get("type") == "text" for part in written):
        return "\n\n".join(text(fields(part).get("text")) for part in written)
    return written if written or listed else None


def note_text(part: Part, target: Target, owner: Origin | Path | None) -> None:
    """What a text has that goes into no request: foreign citations, signatures, marks of no use."""
    if isinstance(part, Text) and (part.citations or part.opaque or part.cache):
        if any(citation.protocol != NAME for citation in part.citations):
            target.losses.tuning(part.origin or owner, "citations", "the dialect takes none in a request")
        note_opaque(part, target, owner)
        note_mark(part.cache, target, part.origin or owner)


def note_mark(mark: CacheMark | None, target: Target, place: Origin | Path | None) -> None:
    """A caching mark that cannot go."""
    if mark is not None and not takes_mark(mark, target):
        target.losses.tuning(place, "caching mark", "the server takes none")


def note_opaque(part: Text | Image, target: Target, owner: Origin | Path | None) -> None:
    """Opaque state of a part, which has no place in Chat."""
    for blob in part.opaque:
        why = "the dialect has no place for it there"
        target.losses.tuning(part.origin or owner, blob.kind.replace("_", " "), why)


def write_part(part: Part, target: Target, path: Path) -> Json:
    """One part as an entry of a list; None for what cannot be said, which is noted. `path` leads to the
    message that it came from.
    """
    if isinstance(part, Unknown):
        return part.json
    origin = part.origin if part.origin and part.origin.protocol == NAME else Origin("")
    written: Fields | None = _WRITERS[type(part)](part, target, path, origin)  # type: ignore[operator]
    if written is not None and not isinstance(part, Refusal | Data):
        mark_cache(written, part.cache, target, part.origin or path)
    return written


def _text(part: Text, target: Target, path: Path, origin: Origin) -> Fields:
    note_text(part, target, path)
    return {**origin.rest, "type": "text", "text": part.text}


def _refusal(part: Refusal, target: Target, path: Path, origin: Origin) -> Fields:
    del target, path
    return {**origin.rest, "type": "refusal", "refusal": part.text}


def _data(part: Data, target: Target, path: Path, origin: Origin) -> Fields:
    del origin
    return {"type": "text", "text": data_text(part, target, path)}


def mark_cache(written: Fields, mark: CacheMark | None, target: Target, place: Origin | Path | None) -> None:
    """Put the caching mark into what was written, if the server takes one."""
    note_mark(mark, target, place)
    if mark is not None and takes_mark(mark, target):
        written["cache_control"] = write_mark(mark)


def data_text(part: Data, target: Target, place: Origin | Path | None) -> str:
    """A value as the text of a tool's result."""
    value = part.value
    return value if isinstance(value, str) else json_text(value, target.losses, part.origin or place)


def address(source: Source) -> str:
    """The URL that a source is, `data:` where it is the bytes; "" where it has none."""
    if isinstance(source, Inline):
        return f"data:{source.media_type};base64,{source.data}"
    return source.url if isinstance(source, Url) else ""


def _linked(name: str, source: Source, inner: Fields, origin: Origin) -> Fields:
    if origin.spelling.get("url") == "bare":
        return {**origin.rest, "type": name, name: address(source)}
    return {
        **origin.rest,
        "type": name,
        name: {**fields(origin.rest.get(name)), "url": address(source), **inner},
    }


def _image(part: Image, target: Target, path: Path, origin: Origin) -> Fields | None:
    source = part.source
    note_opaque(part, target, path)
    if not origin.protocol and not (isinstance(source, Inline) or is_fetchable(source)):
        why = "the dialect takes images by http(s) or data URL only"
        target.losses.meaning(part.origin or path, "image", why)
        return None
    return _linked("image_url", source, {} if part.detail is None else {"detail": part.detail}, origin)


def _video(part: Video, target: Target, path: Path, origin: Origin) -> Fields | None:
    if not origin.protocol and "video_url" not in target.quirks.parts:
        target.losses.meaning(part.origin or path, "video", "the server takes none")
        return None
    return _linked("video_url", part.source, {}, origin)


def _document(part: Document, target: Target, path: Path, origin: Origin) -> Fields | None:
    where = part.origin or path
    source = part.source
    if part.context:
        target.losses.meaning(where, "context of a document", "the dialect has no place for it")
    if part.cited:
        target.losses.tuning(where, "citations of a document", "the dialect cannot ask for them")
    if isinstance(source, Plain):
        return {"type": "text", "text": f"{part.name}\n\n{source.text}" if part.name else source.text}
    takes = target.quirks.parts
    if origin.spelling.get("as") == "document_url" or (isinstance(source, Url) and "document_url" in takes):
        named: Fields = {} if part.name is None else {"document_name": part.name}
        return {**origin.rest, "type": "document_url", "document_url": address(source), **named}
    if isinstance(source, Url) and not (origin.protocol or "file_url" in takes):
        target.losses.meaning(where, "document", "the dialect takes no URL of a document")
        return None
    if isinstance(source, FileId) and source.protocol not in (NAME, "openai.responses"):
        target.losses.meaning(where, "document", f"it is kept at the provider of {source.protocol}")
        return None
    return {**origin.rest, "type": "file", "file": _file(part, source, origin)}


def _file(part: Document, source: Source, origin: Origin) -> Fields:
    inner: Fields = dict(fields(origin.rest.get("file")))
    name = part.name
    if isinstance(source, FileId):
        inner["file_id"] = source.id
    elif isinstance(source, Inline):
        inner["file_data"] = source.data if origin.spelling.get("data") == "bare" else address(source)
        if name is None and not origin.protocol:
            # The API refuses data without a file name.
            name = "document" + (guess_extension(source.media_type) or "")
    else:
        inner["file_data"] = address(source)
    return inner if name is None else {**inner, "filename": name}


def _audio(part: Audio, target: Target, path: Path, origin: Origin) -> Fields | None:
    source = part.source
    if origin.spelling.get("as") == "audio_url" and source is not None:
        return _linked("audio_url", source, {}, origin)
    if isinstance(source, Inline):
        inner: Fields = {**fields(origin.rest.get("input_audio")), "data": source.data}
        given = text(origin.spelling.get("format"))
        as_given = FORMATS.get(given, f"audio/{given}") == source.media_type
        if form := given if as_given else format_of(source.media_type):
            inner["format"] = form
        return {**origin.rest, "type": "input_audio", "input_audio": inner}
    if isinstance(source, Url) and "audio_url" in target.quirks.parts:
        return _linked("audio_url", source, {}, origin)
    if part.transcript:
        target.losses.tuning(part.origin or path, "audio", "its transcript stands for it")
        return {"type": "text", "text": part.transcript}
    target.losses.meaning(part.origin or path, "audio", "the dialect takes its bytes only")
    return None


_WRITERS = {
    Text: _text,
    Refusal: _refusal,
    Data: _data,
    Image: _image,
    Document: _document,
    Audio: _audio,
    Video: _video,
}


def split_media(parts: Iterable[Part]) -> tuple[list[Part], list[Part]]:
    """Parts that are text, and those that are not."""
    said: list[Part] = []
    shown: list[Part] = []
    for part in parts:
        (shown if isinstance(part, MEDIA) else said).append(part)
    return said, shown
