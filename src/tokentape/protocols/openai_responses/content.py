"""Reading parts of messages and of tool results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import (
    Audio,
    Citation,
    Document,
    FileId,
    Image,
    Inline,
    Refusal,
    Text,
    Unknown,
    Url,
)
from tokentape.protocols.openai_responses.names import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_INPUT_TEXT = frozenset({"type", "text"})
_OUTPUT_TEXT = frozenset({"type", "text", "annotations", "logprobs"})
_REFUSAL = frozenset({"type", "refusal"})
_AUDIO = frozenset({"type", "input_audio"})
_DATA_URL = re.compile(r"data:([^;,]*);base64,", re.ASCII)


def text_type(role: str) -> str:
    """The type of text that somebody says."""
    return "output_text" if role == "assistant" else "input_text"


def read_parts(value: Json, role: str, where: Where, field: str) -> tuple[Part, ...]:
    """A list of parts under `field`."""
    usual = text_type(role)
    entries = enumerate(where.entries(value, field))
    return tuple([read_part(part, usual, where, field, n) for n, part in entries])


def read_part(value: Json, usual: str, where: Where, *steps: str | int) -> Part:
    """One part. `usual` is the type of text in such a place."""
    part = where.fields(value, *steps)
    match part.get("type"):
        case "input_text" | "output_text" | "text" as kind:
            return _text(part, str(kind), usual, where, steps)
        case "refusal":
            text = where.text(part.get("refusal"), *steps, "refusal")
            return Refusal(text, origin=_origin(where, steps, rest_of(part, _REFUSAL)))
        case "input_image" if (source := _source(part, "image_url", None, where, steps)) is not None:
            return _image(part, source, where, steps)
        case "input_file" if (source := _source(part, "file_url", "file_data", where, steps)) is not None:
            return _file(part, source, where, steps)
        case "input_audio" if isinstance(part.get("input_audio"), dict):
            return _audio(part, where, steps)
        case _:
            return Unknown(NAME, value, Origin(NAME, where.path + steps))


def _origin(
    where: Where, steps: Path, rest: Mapping[str, Json], spelling: Mapping[str, Json] | None = None
) -> Origin | None:
    """An origin only where there is something to say."""
    if not rest and not spelling:
        return None
    return Origin(NAME, where.path + steps, rest, spelling or {})


def _text(part: Fields, kind: str, usual: str, where: Where, steps: Path) -> Text:
    text = where.text(part.get("text"), *steps, "text")
    if kind != "output_text":
        if kind == usual and len(part) == 2:
            return Text(text)
        spelling: Fields = {} if kind == usual else {"type": kind}
        return Text(text, origin=_origin(where, steps, rest_of(part, _INPUT_TEXT), spelling))
    spelling = {} if kind == usual else {"type": kind}
    cited, likely = part.get("annotations"), part.get("logprobs")
    absent: list[Json] = [name for name in ("annotations", "logprobs") if name not in part]
    if absent:
        spelling["absent"] = absent
    citations = read_citations(cited, where, *steps, "annotations") if cited else ()
    logprobs = tuple(where.entries(likely, *steps, "logprobs")) if likely else None
    origin = _origin(where, steps, rest_of(part, _OUTPUT_TEXT), spelling)
    if origin is None and (citations or logprobs):
        origin = Origin(NAME, where.path + steps)
    return Text(text, citations, logprobs=logprobs, origin=origin)


def read_citations(value: Json, where: Where, *steps: str | int) -> tuple[Citation, ...]:
    """What a text cites."""
    found = enumerate(where.entries(value, *steps))
    return tuple(read_citation(entry, where, *steps, n) for n, entry in found)


def read_citation(value: Json, where: Where, *steps: str | int) -> Citation:
    """One annotation."""
    raw = where.fields(value, *steps)
    return Citation(
        NAME,
        where.text_or_none(raw.get("type"), *steps, "type") or "",
        raw,
        url=where.text_or_none(raw.get("url"), *steps, "url"),
        title=where.text_or_none(raw.get("title"), *steps, "title"),
        start=where.integer_or_none(raw.get("start_index"), *steps, "start_index"),
        end=where.integer_or_none(raw.get("end_index"), *steps, "end_index"),
    )


def inline(url: str) -> Inline | None:
    """The data in a `data:` URL, if it is written the usual way, so that it can be written again."""
    found = _DATA_URL.match(url)
    return Inline(found[1], url[found.end() :]) if found and found[1] else None


def _source(part: Fields, url: str, data: str | None, where: Where, steps: Path) -> Source | None:
    """The first of data, file and URL that is there."""
    given = where.text_or_none(part.get(data), *steps, data) if data else None
    if given is not None:
        return inline(given) or Inline("", given)
    place = where.text_or_none(part.get(url), *steps, url)
    if place is not None:
        return inline(place) or Url(place)
    kept = where.text_or_none(part.get("file_id"), *steps, "file_id")
    return None if kept is None else FileId(kept, NAME)


def _place(source: Source, url: str, data: str | None) -> str:
    """The field that held the source."""
    if isinstance(source, FileId):
        return "file_id"
    return data if data and isinstance(source, Inline) else url


def _image(part: Fields, source: Source, where: Where, steps: Path) -> Image:
    detail = where.text_or_none(part.get("detail"), *steps, "detail")
    known = frozenset({"type", "detail", _place(source, "image_url", None)})
    return Image(source, detail, origin=Origin(NAME, where.path + steps, rest_of(part, known)))


def _file(part: Fields, source: Source, where: Where, steps: Path) -> Document:
    name = where.text_or_none(part.get("filename"), *steps, "filename")
    field = _place(source, "file_url", "file_data")
    if field == "file_data" and part.get("file_data") is None:
        field = "file_url"
    known = frozenset({"type", "filename", field})
    spelling: Fields = {"field": field} if isinstance(source, Inline) and field == "file_url" else {}
    origin = Origin(NAME, where.path + steps, rest_of(part, known), spelling)
    return Document(source, name, origin=origin)


def _audio(part: Fields, where: Where, steps: Path) -> Audio:
    heard = where.fields(part["input_audio"])
    data = where.text(heard.get("data"), *steps, "input_audio", "data")
    form = where.text(heard.get("format"), *steps, "input_audio", "format")
    rest = rest_of(part, _AUDIO)
    inner = {name: found for name, found in heard.items() if name not in ("data", "format")}
    if inner:
        rest = {**rest, "input_audio": inner}
    return Audio(Inline(f"audio/{form}", data), origin=Origin(NAME, where.path + steps, rest))
