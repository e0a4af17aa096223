"""Media: what a data URL holds, conversations with what their URLs show put inline, documents as text."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from tokentape.protocols.canonical.items import Message, ToolResult
from tokentape.protocols.canonical.parts import Audio, Document, Image, Inline, Url, Video

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Part

    Fetch = Callable[[str], tuple[str, bytes]]


def data_url(url: str) -> Inline | None:
    """What a `data:` URL holds, as base64; None for any other URL."""
    if url[:5].lower() != "data:":
        return None
    head, comma, data = url[5:].partition(",")
    if not comma:
        return None
    media_type, *options = head.split(";")
    if "base64" not in (option.strip().lower() for option in options):
        data = b64encode(unquote_to_bytes(data.encode("utf-8", "replace"))).decode()
    return Inline(media_type or "text/plain", data)


_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
    "heic": "image/heic", "pdf": "application/pdf", "txt": "text/plain", "mp3": "audio/mp3",
    "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg", "mp4": "video/mp4", "mov": "video/mov",
    "webm": "video/webm", "mpeg": "video/mpeg",
}  # fmt: skip


def guessed_type(url: str) -> str | None:
    """The media type that the end of a URL's path tells; YouTube shows videos."""
    if url.startswith(("https://www.youtube.com/", "https://youtu.be/")):
        return "video/*"
    name = url[:2048].partition("?")[0].partition("#")[0].rpartition("/")[2]
    return _TYPES.get(name.rpartition(".")[2].lower()) if "." in name else None


def inlined(asked: Conversation, fetch: Fetch) -> Conversation:
    """The conversation with the media behind http(s) URLs inside it, for dialects that fetch nothing.

    `fetch(url) -> (media type, bytes)` is the caller's: it decides what may be fetched, from where and how
    much, and what it raises goes through. Each URL is fetched once.
    """
    known: dict[str, Inline] = {}

    def inline(url: str) -> Inline:
        if url not in known:
            media_type, data = fetch(url)
            known[url] = Inline(media_type.partition(";")[0].strip(), b64encode(data).decode())
        return known[url]

    items = tuple(_item(item, inline) for item in asked.items)
    return replace(asked, items=items) if known else asked


def _item(item: Item, inline: Callable[[str], Inline]) -> Item:
    if not isinstance(item, Message | ToolResult) or not any(_url_of(part) for part in item.parts):
        return item
    return replace(item, parts=tuple(_part(part, inline) for part in item.parts))


def _part(part: Part, inline: Callable[[str], Inline]) -> Part:
    url = _url_of(part)
    if url is None or not isinstance(part, Image | Document | Audio | Video):
        return part
    return replace(part, source=inline(url))


def _url_of(part: Part) -> str | None:
    if isinstance(part, Image | Document | Audio | Video) and isinstance(part.source, Url):
        return part.source.url if part.source.url.startswith(("http://", "https://")) else None
    return None


def told_as_text(part: Document, origin: Origin | None, losses: Losses) -> None:
    """Note what of a document is lost where a dialect has no documents, and its text is told as text."""
    losses.tuning(origin, "document", "its text is told as text")
    if part.context:
        losses.meaning(origin, "context of a document", "there is no place for it")
    if part.cited:
        losses.tuning(origin, "citations of a document", "they cannot be asked for")
    if part.name is not None:
        losses.tuning(origin, "name of a document", "there is no place for it")
    if part.cache is not None:
        losses.tuning(origin, "cache mark", "there is no place for it")
