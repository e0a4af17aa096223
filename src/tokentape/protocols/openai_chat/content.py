"""Content of messages, read: a string or parts (API reference; Mistral, OpenRouter and vLLM add some)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Refusal,
    Text,
    Unknown,
    Url,
    Video,
)
from tokentape.protocols.openai_chat.options import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def read_parts(content: list[Json], where: Where, path: Path) -> tuple[Part, ...]:
    """The parts of a content that is a list."""
    return tuple(read_part(part, where, (*path, nth)) for nth, part in enumerate(content))


def read_part(value: Json, where: Where, path: Path) -> Part:
    """One part; of a type that is not known, `Unknown`."""
    part = where.fields(value, *path)
    kind = part.get("type")
    if kind == "text" and len(part) == 2 and isinstance(said := part.get("text"), str):
        return Text(said)
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return Unknown(NAME, value, Origin(NAME, path)) if reader is None else reader(part, where, path)


def origin_of(part: Fields, known: frozenset[str], path: Path, **spelling: Json) -> Origin | None:
    """Where a part came from, if it says more than we know, or says it in another way than usual."""
    rest = {name: value for name, value in part.items() if value is None or name not in known}
    return Origin(NAME, path, rest, spelling) if rest or spelling else None


def nested(part: Fields, name: str, inner: Fields, known: frozenset[str]) -> Fields:
    """`part` with what `inner`, its field `name`, has beyond the `known`, or nothing of it."""
    rest = {key: value for key, value in inner.items() if value is None or key not in known}
    return {key: value for key, value in part.items() if key != name} | ({name: rest} if rest else {})


_EPHEMERAL: Mapping[str, Json] = {"type": "ephemeral"}


def cache_mark(value: Json, where: Where, path: Path) -> CacheMark | None:
    """`cache_control`, which OpenRouter, Snowflake and others take for Claude."""
    if value is None:
        return None
    mark = where.fields(value, *path)
    ttl = where.text_or_none(mark.get("ttl"), *path, "ttl")
    plain = len(mark) == (1 if ttl is None else 2) and mark.get("type") == "ephemeral"
    rest = {key: said for key, said in mark.items() if said is None or key != "ttl"}
    return CacheMark(ttl, Origin(NAME, path, _EPHEMERAL if plain else rest))


_TEXT = frozenset({"type", "text", "cache_control"})


def _text(part: Fields, where: Where, path: Path) -> Text:
    said = where.text(part.get("text"), *path, "text")
    mark = cache_mark(part.get("cache_control"), where, (*path, "cache_control"))
    return Text(said, cache=mark, origin=origin_of(part, _TEXT, path))


def _refusal(part: Fields, where: Where, path: Path) -> Refusal:
    said = where.text(part.get("refusal"), *path, "refusal")
    rest = rest_of(part, frozenset({"type", "refusal"}))
    return Refusal(said, origin=Origin(NAME, path, rest, {"as": "part"}))


def media(url: str) -> Inline | Url:
    """A `data:` URL with base64 is the bytes themselves; `data:` + type + `;base64,` + data is the URL."""
    if url.startswith("data:"):
        kind, mark, data = url[5:].partition(";base64,")
        if mark and "," not in kind:
            return Inline(kind, data)
    return Url(url)


def _linked(part: Fields, name: str, where: Where, path: Path) -> tuple[Inline | Url, Fields, Origin | None]:
    """What `name` refers to: an object with `url`, or (Mistral) the URL itself."""
    value = part.get(name)
    known = frozenset({"type", "cache_control"})
    if isinstance(value, str):
        return media(value), {}, origin_of(part, known | {name}, path, url="bare")
    inner = where.fields(value, *path, name)
    source = media(where.text(inner.get("url"), *path, name, "url"))
    shown = frozenset({"url", "detail"}) if name == "image_url" else frozenset({"url"})
    return source, inner, origin_of(nested(part, name, inner, shown), known, path)


def is_fetchable(source: Source) -> bool:
    """True for a URL that any server can fetch."""
    return isinstance(source, Url) and source.url.startswith(("http://", "https://", "data:"))


def _image(part: Fields, where: Where, path: Path) -> Image:
    source, inner, origin = _linked(part, "image_url", where, path)
    detail = where.text_or_none(inner.get("detail"), *path, "image_url", "detail")
    mark = cache_mark(part.get("cache_control"), where, (*path, "cache_control"))
    return Image(source, detail, cache=mark, origin=origin or Origin(NAME, path))


def _video(part: Fields, where: Where, path: Path) -> Video:
    source, _, origin = _linked(part, "video_url", where, path)
    return Video(
        source,
        cache_mark(part.get("cache_control"), where, (*path, "cache_control")),
        origin or Origin(NAME, path),
    )


def _audio_url(part: Fields, where: Where, path: Path) -> Audio:
    source, _, origin = _linked(part, "audio_url", where, path)
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    mark = cache_mark(part.get("cache_control"), where, (*path, "cache_control"))
    return Audio(source, cache=mark, origin=Origin(NAME, path, rest, {**spelling, "as": "audio_url"}))


FORMATS = {"mp3": "audio/mpeg"}
"""Sound formats whose media type is not `audio/` and their name."""

MEDIA_FORMATS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}


def format_of(media_type: str) -> str:
    """The sound format that a media type is called."""
    return MEDIA_FORMATS.get(media_type) or media_type.removeprefix("audio/")


def _audio(part: Fields, where: Where, path: Path) -> Audio:
    inner = where.fields(part.get("input_audio"), *path, "input_audio")
    data = where.text(inner.get("data"), *path, "input_audio", "data")
    form = where.text_or_none(inner.get("format"), *path, "input_audio", "format")
    kind = FORMATS.get(form, f"audio/{form}") if form is not None else ""
    told = nested(part, "input_audio", inner, frozenset({"data", "format"}))
    spelling: Fields = {} if form is None or format_of(kind) == form else {"format": form}
    mark = cache_mark(part.get("cache_control"), where, (*path, "cache_control"))
    origin = origin_of(told, frozenset({"type", "cache_control"}), path, **spelling)
    return Audio(Inline(kind, data), cache=mark, origin=origin or Origin(NAME, path))


def _file(part: Fields, where: Where, path: Path) -> Document:
    inner = where.fields(part.get("file"), *path, "file")
    data = where.text_or_none(inner.get("file_data"), *path, "file", "file_data")
    name = where.text_or_none(inner.get("filename"), *path, "file", "filename")
    known, spelling = {"file_data", "filename"}, NOTHING
    source: Inline | Url | FileId
    if data is None:
        source = FileId(where.text(inner.get("file_id"), *path, "file", "file_id"), NAME)
        known = {"file_id", "filename"}
    else:
        source = media(data)
        if isinstance(source, Url) and "://" not in data:
            source, spelling = Inline("", data), {"data": "bare"}
    told = nested(part, "file", inner, frozenset(known))
    mark = cache_mark(part.get("cache_control"), where, (*path, "cache_control"))
    origin = origin_of(told, frozenset({"type", "cache_control"}), path, **spelling)
    return Document(source, name, cache=mark, origin=origin or Origin(NAME, path))


def _document(part: Fields, where: Where, path: Path) -> Document:
    """Mistral's: a URL, which may be `data:`, and a name."""
    source = media(where.text(part.get("document_url"), *path, "document_url"))
    name = where.text_or_none(part.get("document_name"), *path, "document_name")
    rest = origin_of(part, frozenset({"type", "document_url", "document_name"}), path)
    spelling: Mapping[str, Json] = {"as": "document_url"}
    return Document(source, name, origin=Origin(NAME, path, rest.rest if rest else NOTHING, spelling))


_READERS: dict[str, Callable[[Fields, Where, Path], Part]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "video_url": _video,
    "audio_url": _audio_url,
    "document_url": _document,
}
