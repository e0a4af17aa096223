"""What a message is made of: one text, and pictures as base64 beside it."""

from __future__ import annotations

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
    Url,
    Video,
)
from tokentape.protocols.media import told_as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Part, Source
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_TYPES = (("iVBOR", "image/png"), ("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))
"""How the base64 of a picture begins: the API does not tell its type, others need it."""

_MARKS = (("citations", "citations"), ("opaque", "signature"), ("cache", "cache mark"))


def read_images(given: Json, where: Where) -> list[Part]:
    """The pictures of a message."""
    entries = where.entries(given, "images")
    return [_read_image(where.text(entry, "images", nth)) for nth, entry in enumerate(entries)]


def _read_image(data: str) -> Image:
    kind = next((kind for start, kind in _TYPES if data.startswith(start)), "")
    return Image(Inline(kind, data))


class Content:
    """The text and the pictures of one message, as parts come.

    The parts of what the model said are one text that was cut; those of others are texts of their own.
    """

    def __init__(self, losses: Losses, between: str) -> None:
        self._losses = losses
        self._between = between
        self._texts: list[str] = []
        self.images: list[Json] = []

    @property
    def text(self) -> str:
        """All text."""
        texts = self._texts
        return texts[0] if len(texts) == 1 else self._between.join(texts)

    def add(self, parts: Iterable[Part], origin: Origin | None) -> None:
        """Take the parts of an item."""
        for part in parts:
            if type(part) is Text:
                self._add_text(part, origin)
            else:
                self._add_other(part, part.origin or origin)

    def _add_text(self, part: Text, origin: Origin | None) -> None:
        if self.images and self._texts:
            why = "pictures stand beside the text, not in it"
            self._losses.tuning(part.origin or origin, "place of an image", why)
        self._texts.append(part.text)
        for name, what in _MARKS:
            if getattr(part, name):
                self._losses.tuning(part.origin or origin, what, "there is no place for it")

    def _add_other(self, part: Part, origin: Origin | None) -> None:
        match part:
            case Image():
                self._add_image(part, origin)
            case Refusal():
                self._texts.append(part.text)
                self._losses.tuning(origin, "refusal", "it is told as text")
            case Data():
                self._texts.append(json_text(part.value, self._losses, origin))
            case Document(source=Plain(text=text)):
                self._texts.append(text)
                told_as_text(part, origin, self._losses)
            case Document() | Audio() | Video():
                what = type(part).__name__.lower()
                self._losses.meaning(origin, what, "only text and images can be sent")

    def _add_image(self, part: Image, origin: Origin | None) -> None:
        if part.detail not in (None, "auto"):
            self._losses.tuning(origin, "detail", "there is no place for it")
        if part.cache is not None:
            self._losses.tuning(origin, "cache mark", "there is no place for it")
        if isinstance(part.source, Inline):
            self.images.append(part.source.data)
        else:
            self._losses.meaning(origin, "image", _unsendable(part.source))


def _unsendable(source: Source) -> str:
    match source:
        case Url():
            return "only bytes can be sent: fetch it first and send it as base64"
        case FileId():
            return "only bytes can be sent, not a file kept at a provider"
        case _:
            return "only bytes can be sent"
