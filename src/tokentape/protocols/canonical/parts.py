"""What a message, or the result of a tool, is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class CacheMark:
    """The prompt up to here is worth caching; `ttl` as written ("5m", "1h"), None for the usual."""

    ttl: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of a text. `start` and `end` count characters of the text that is supported, `cited` is
    what the source says; `kind` and `raw` are as the `protocol` has them.
    """

    protocol: str
    kind: str
    raw: Json = field(repr=False)
    url: str | None = None
    title: str | None = None
    cited: str | None = None
    start: int | None = None
    end: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class Text:
    """Text. `logprobs` is the raw list of its tokens, None where they are not told."""

    text: str
    citations: tuple[Citation, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    cache: CacheMark | None = None
    logprobs: tuple[Json, ...] | None = field(default=None, repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model says that it will not answer."""

    text: str
    logprobs: tuple[Json, ...] | None = field(default=None, repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Data:
    """A JSON value that a tool gave back, where the dialect does not make it text."""

    value: Json
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Inline:
    """The bytes themselves: base64, and the media type ("image/png"; "" where it is not told)."""

    media_type: str
    data: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Url:
    """A place to fetch it from: http(s), gs, s3 or a Files URI."""

    url: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class FileId:
    """A file kept at the provider whose dialect `protocol` is."""

    id: str
    protocol: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """A document that is its text."""

    text: str


Source = Inline | Url | FileId | Plain


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. `detail` is OpenAI's "low", "high", "auto"."""

    source: Source
    detail: str | None = None
    opaque: tuple[Opaque, ...] = ()
    cache: CacheMark | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A file to read: PDF, text and so on. `name` is its title or file name; `cited` asks for citations."""

    source: Source
    name: str | None = None
    context: str | None = None
    cited: bool | None = None
    cache: CacheMark | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound, said or heard. `id` refers to an earlier reply's audio, `transcript` is its text."""

    source: Source | None = None
    id: str | None = None
    transcript: str | None = None
    cache: CacheMark | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Video:
    """Moving pictures."""

    source: Source
    cache: CacheMark | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part, or an item, that only its `protocol` knows; carried as it is, never across."""

    protocol: str
    json: Json = field(repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)


Part = Text | Refusal | Data | Image | Document | Audio | Video | Unknown
