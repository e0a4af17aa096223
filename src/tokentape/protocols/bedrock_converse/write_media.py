"""Images, documents, video and audio as blocks: bytes or a place in S3, in the formats that the API knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME, TYPES, cleaned, format_of
from tokentape.protocols.bedrock_converse.merging import merged
from tokentape.protocols.canonical.parts import Document, Image, Inline, Plain, Url, Video

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Audio, Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class MediaWriter:
    """Writes media of one body, in which every document has a name of its own."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}

    def blocks(self, part: Image | Document | Audio | Video, around: Origin | None) -> list[Json]:
        """The block; none where the API cannot take it."""
        kind = _kind(part)
        origin = part.origin
        own = part.origin is not None and part.origin.protocol == NAME
        place = origin or around
        home = own or (origin is None and around is not None and around.protocol == NAME)
        source = self._source(kind, part.source, place)
        if source is None:
            return []
        block: Fields = {"source": source}
        format = self._format(kind, part.source, place, home=home)
        if format is None and not home:
            return []
        if format is not None:
            block["format"] = format
        if isinstance(part, Document):
            self._document(part, block, place, home=home)
        elif isinstance(part, Image) and part.detail not in (None, "auto"):
            self._losses.tuning(place, "image detail", "there is no such hint")
        if own and origin:
            block = _respelt(part, origin, merged(origin.rest, block))
        return [{kind: block}]

    def _source(self, kind: str, source: Source | None, origin: Origin | None) -> Fields | None:
        if isinstance(source, Inline):
            return {"bytes": source.data}
        if isinstance(source, Url) and source.url.startswith("s3://"):
            return {"s3Location": {"uri": source.url}}
        if isinstance(source, Plain) and kind == "document":
            return {"text": source.text}
        if isinstance(source, Url):
            why = "Converse takes bytes, or a place in S3: fetch it and send the bytes"
            self._losses.meaning(origin, f"{kind} by URL", why)
        elif source is None:
            self._losses.meaning(origin, kind, "it has no data")
        else:
            self._losses.meaning(
                origin, f"{kind} by id", "the file is kept at another provider: send the bytes"
            )
        return None

    def _format(self, kind: str, source: Source | None, origin: Origin | None, *, home: bool) -> str | None:
        if isinstance(source, Plain):
            return None if home else "txt"
        media_type = source.media_type if isinstance(source, Inline | Url) else None
        found = format_of(kind, media_type or "")
        if found is None and home:
            return media_type.partition("/")[2] if media_type else None
        if found is None and isinstance(source, Url):
            ending = source.url.rpartition(".")[2].lower()
            found = ending if ending in TYPES[kind] else None
        if found is None:
            why = f"Converse takes {', '.join(TYPES[kind])}"
            self._losses.meaning(origin, f"{kind} of type {media_type or 'unknown'}", why)
        return found

    def _document(self, part: Document, block: Fields, origin: Origin | None, *, home: bool) -> None:
        if home:
            if part.name is not None:
                self._names.add(part.name)
                block["name"] = part.name
        else:
            block["name"] = self._name(part.name or "", str(block["format"]), origin)
        if part.context is not None:
            block["context"] = part.context
        if part.cited is not None:
            block["citations"] = {"enabled": part.cited}

    def _name(self, given: str, format: str, origin: Origin | None) -> str:
        """A name as the API takes it, unlike those of all other documents."""
        name = first = cleaned(given, format)
        count = self._counts.get(first, 1)
        while name in self._names:
            count += 1
            name = f"{first[:190]} {count}"
        self._counts[first] = count
        self._names.add(name)
        if given and name not in (given, given.rpartition(".")[0]):
            self._losses.tuning(origin, f"document name {given}", f"written {name}")
        return name


def _kind(part: Image | Document | Audio | Video) -> str:
    if isinstance(part, Image):
        return "image"
    if isinstance(part, Document):
        return "document"
    return "video" if isinstance(part, Video) else "audio"


def _respelt(part: Image | Document | Audio | Video, origin: Origin, block: Fields) -> Fields:
    """A document's text in the pieces it came in, while it is the same, and with the format it had."""
    if not isinstance(part.source, Plain):
        return block
    format = origin.spelling.get("format")
    if format is not None:
        block = {**block, "format": format}
    pieces = origin.spelling.get("content")
    if isinstance(pieces, list) and "\n\n".join(map(str, pieces)) == part.source.text:
        told = block["source"] if isinstance(block["source"], dict) else {}
        left = {name: value for name, value in told.items() if name != "text"}
        block = {**block, "source": {**left, "content": [{"text": piece} for piece in pieces]}}
    return block
