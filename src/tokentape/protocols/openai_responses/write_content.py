"""Writing parts of messages and of tool results."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import json_text
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
)
from tokentape.protocols.openai_responses.names import NAME

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Citation, Part, Source, Video
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_NAMES = {"application/pdf": "document.pdf", "text/plain": "document.txt", "text/csv": "document.csv"}
_FILES = "openai."
"""Files are kept for all of OpenAI's dialects alike."""


def own(origin: Origin | None) -> Origin | None:
    """The origin, if it is of this dialect."""
    return origin if origin is not None and origin.protocol == NAME else None


def write_part(
    part: Part, usual: str, target: Target, model: str | None, owner: Origin | None = None
) -> Fields | None:
    """One part; None for what this dialect cannot say there, which is noted.

    `usual` is the type of text in such a place: the model's own words are text and refusals only; `owner`
    tells where the item came from that holds the part.
    """
    match part:
        case Text():
            return _text(part, usual, target, model, part.origin or owner)
        case Refusal():
            return _refusal(part, usual)
        case Unknown():
            return dict(part.json) if isinstance(part.json, dict) else None
        case Data():
            return _with_usual(usual, json_text(part.value, target.losses, part.origin or owner))
        case _:
            return _media(part, usual, target, model, part.origin or owner)


def _media(
    part: Image | Document | Audio | Video,
    usual: str,
    target: Target,
    model: str | None,
    place: Origin | None,
) -> Fields | None:
    known = own(part.origin)
    if usual == "output_text" and known is None:
        target.losses.meaning(place, type(part).__name__.lower(), "a message of the model is text here")
        return None
    if part.cache is not None:
        uncached(place, target)
    match part:
        case Image():
            return _image(part, known, target, model, place)
        case Document():
            return _document(part, known, target, place)
        case Audio(source=Inline() as source):
            return _audio(source, known)
    target.losses.meaning(place, type(part).__name__.lower(), "the dialect does not take it")
    return None


def _audio(source: Inline, known: Origin | None) -> Fields:
    form = source.media_type.removeprefix("audio/")
    inner: Fields = {"data": source.data, "format": {"mpeg": "mp3", "x-wav": "wav"}.get(form, form)}
    rest = dict(known.rest) if known is not None else {}
    more = rest.pop("input_audio", None)
    if isinstance(more, dict):
        inner = {**more, **inner}
    return {**rest, "type": "input_audio", "input_audio": inner}


def says(part: Part, usual: str) -> bool:
    """True if `write_part` has something to write for it."""
    if isinstance(part, Text | Refusal | Data):
        return True
    if isinstance(part, Unknown):
        return isinstance(part.json, dict)
    return usual != "output_text" or own(part.origin) is not None


def uncached(origin: Origin | None, target: Target) -> None:
    """Note that a caching mark is left out."""
    target.losses.tuning(origin, "caching mark", "the dialect caches by itself")


def _with_usual(usual: str, text: str) -> Fields:
    written: Fields = {"type": usual, "text": text}
    if usual == "output_text":
        written["annotations"], written["logprobs"] = [], []
    return written


def _text(part: Text, usual: str, target: Target, model: str | None, place: Origin | None) -> Fields:
    if part.cache is not None:
        uncached(place, target)
    for blob in target.kept(part.opaque, model, place):
        target.losses.tuning(place, blob.kind.replace("_", " "), "text has no such state here")
    known = own(part.origin)
    spelled = known.spelling if known is not None else {}
    kind = spelled.get("type") or usual
    written: Fields = {"type": kind, "text": part.text}
    if kind == "output_text":
        absent = spelled.get("absent") or ()
        written_ones = (write_citation(cite, part.text) for cite in part.citations)
        cited: list[Json] = [found for found in written_ones if found is not None]
        if len(cited) < len(part.citations):
            target.losses.tuning(place, "citation", "its source has no URL")
        if cited or "annotations" not in absent:  # type: ignore[operator]
            written["annotations"] = cited
        if part.logprobs or "logprobs" not in absent:  # type: ignore[operator]
            written["logprobs"] = list(part.logprobs or ())
    elif part.citations:
        target.losses.tuning(place, "citation", "text that is put in has none")
    return {**known.rest, **written} if known is not None else written


def _refusal(part: Refusal, usual: str) -> Fields:
    known = own(part.origin)
    if usual != "output_text" and known is None:
        return _with_usual(usual, part.text)
    written: Fields = {"type": "refusal", "refusal": part.text}
    return {**known.rest, **written} if known is not None else written


def write_citation(cited: Citation, text: str) -> Fields | None:
    """An annotation: as it was, with what was changed of it; of another dialect if it has a URL."""
    if cited.protocol == NAME and isinstance(cited.raw, dict):
        said = (
            ("url", cited.url),
            ("title", cited.title),
            ("start_index", cited.start),
            ("end_index", cited.end),
        )
        changed = {name: value for name, value in said if value is not None and cited.raw.get(name) != value}
        return {**cited.raw, **changed}
    if cited.url is None:
        return None
    return {
        "type": "url_citation",
        "url": cited.url,
        "title": cited.title or "",
        "start_index": cited.start or 0,
        "end_index": len(text) if cited.end is None else cited.end,
    }


def _data_url(source: Inline) -> str:
    return f"data:{source.media_type};base64,{source.data}" if source.media_type else source.data


def _image(
    part: Image, known: Origin | None, target: Target, model: str | None, place: Origin | None
) -> Fields | None:
    target.kept(part.opaque, model, place)
    written: Fields = {"type": "input_image"}
    match part.source:
        case Url(url):
            written["image_url"] = url
        case Inline():
            written["image_url"] = _data_url(part.source)
        case FileId(found, protocol) if protocol.startswith(_FILES):
            written["file_id"] = found
        case _:
            target.losses.meaning(place, "image", "the file is kept at another provider")
            return None
    if part.detail is not None or known is None:
        written["detail"] = part.detail or "auto"
    return {**known.rest, **written} if known is not None else written


def _document(part: Document, known: Origin | None, target: Target, place: Origin | None) -> Fields | None:
    if part.context:
        target.losses.meaning(place, "context of a document", "the dialect has no such field")
    if part.cited:
        target.losses.tuning(place, "citations of a document", "the dialect cannot ask for them")
    written: Fields = {"type": "input_file"}
    source = _file_source(part.source, known)
    if source is None:
        target.losses.meaning(place, "document", "the file is kept at another provider")
        return None
    written.update(source)
    name = part.name
    if name is None and known is None and "file_data" in written:
        name = _NAMES.get(getattr(part.source, "media_type", "text/plain"), "document")
    if name is not None:
        written["filename"] = name
    return {**known.rest, **written} if known is not None else written


def _file_source(source: Source, known: Origin | None) -> Fields | None:
    match source:
        case Inline():
            spelled = known.spelling.get("field") if known is not None else None
            return {"file_url" if spelled == "file_url" else "file_data": _data_url(source)}
        case Url(url):
            return {"file_url": url}
        case Plain(text):
            data = b64encode(text.encode("utf-8", "surrogatepass")).decode()
            return {"file_data": f"data:text/plain;base64,{data}"}
        case FileId(found, protocol) if protocol.startswith(_FILES):
            return {"file_id": found}
    return None
