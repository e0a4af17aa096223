"""Formats of media: the API's words for them, and media types."""

from __future__ import annotations

import re

NAME = "bedrock.converse"
"""The dialect."""

_IMAGES = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCUMENTS = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": _WORD,
    "xls": "application/vnd.ms-excel",
    "xlsx": _SHEET,
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
_VIDEOS = {
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "mpg": "video/mpg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
_AUDIOS = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "mkv": "audio/x-matroska",
    "mka": "audio/x-mka",
    "x-aac": "audio/x-aac",
    "m4a": "audio/x-m4a",
    "mpeg": "audio/x-mpeg",
    "mpga": "audio/mpga",
    "pcm": "audio/pcm",
    "webm": "audio/webm",
}
TYPES = {"image": _IMAGES, "document": _DOCUMENTS, "video": _VIDEOS, "audio": _AUDIOS}
"""Media types by kind of block and format (API reference, "ImageBlock", "DocumentBlock" ...)."""

_FORMATS = {kind: {media_type: name for name, media_type in types.items()} for kind, types in TYPES.items()}
_ALSO = {
    "image/jpg": "jpeg",
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/m4a": "m4a",
    "audio/x-flac": "flac",
    "video/x-m4v": "mp4",
    "text/x-markdown": "md",
    "application/json": "txt",
    "application/xml": "txt",
}


def media_type_of(kind: str, format: str) -> str:
    """The media type of a format; of one that is not known, something that leads back to it."""
    return TYPES[kind].get(format) or f"{kind}/{format}"


def format_of(kind: str, media_type: str) -> str | None:
    """The format that the API knows; None if it has none for that type."""
    found = _FORMATS[kind].get(media_type) or _ALSO.get(media_type)
    if found is None and kind == "document" and media_type.startswith("text/"):
        return "txt"
    return found if found in TYPES[kind] else None


_FORBIDDEN = re.compile(r"[^0-9A-Za-z\s\-()\[\]]+")
_SPACES = re.compile(r"\s+")


def cleaned(name: str, format: str | None) -> str:
    """A name as documents may have (API reference, "DocumentBlock"): letters, digits, single spaces,
    hyphens, parentheses and brackets; the ending that the format says already is left out.
    """
    stem, dot, ending = name.rpartition(".")
    if dot and stem and (ending.lower() == format or media_ends(ending)):
        name = stem
    return _SPACES.sub(" ", _FORBIDDEN.sub("-", name)).strip(" -")[:200] or "document"


def media_ends(ending: str) -> bool:
    """True if `ending` is the ending of a kind of document."""
    return ending.lower() in _DOCUMENTS
