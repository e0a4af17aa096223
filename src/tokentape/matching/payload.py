"""Bodies that are not JSON, in a form that can be compared: forms, multipart by parts, text, bytes.

No body and an empty body are the same: HTTP libraries differ in which of them they send.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tokentape.matching.address import form_pairs

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request
    from tokentape.wire.multipart import Part

MOST_TEXT = 1 << 20
"""Bytes up to which text is kept as text, so that a difference can be shown; beyond it is a digest."""


def payload_sections(request: Request) -> dict[str, Json]:
    """One section, `form`, `parts`, `text` or `bytes`; none where the body is empty."""
    from tokentape.wire.body import decoded_body, media_type
    from tokentape.wire.multipart import multipart_parts

    body = request.body
    if not body:
        return {}
    if request.header("content-encoding"):
        body = decoded_body(request) or body
    media = media_type(request.headers)
    if media == "application/x-www-form-urlencoded":
        return {"form": _form(body)}
    if media.startswith("multipart/"):
        parts = multipart_parts(request.header("content-type") or "", body)
        if parts is not None:
            return {"parts": _parts(parts)}
    return _plain(body)


def _form(body: bytes) -> Json:
    pairs = sorted(form_pairs(body.decode("utf-8", "surrogateescape")), key=lambda pair: pair[0])
    return [[name, value] for name, value in pairs]


def _plain(body: bytes) -> dict[str, Json]:
    text = as_text(body)
    return {"bytes": digest(body)} if text is None else {"text": text}


def as_text(data: bytes) -> str | None:
    """`data` as text, where it is UTF-8 of moderate size."""
    if len(data) > MOST_TEXT:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def digest(data: bytes) -> str:
    """Length and SHA-256."""
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def _parts(parts: list[Part]) -> Json:
    """The parts by name, in the order in which they came where names repeat."""
    return [_part(part) for part in sorted(parts, key=lambda part: part.name or "")]


def _part(part: Part) -> Json:
    from tokentape.wire.body import media_type

    shown: dict[str, Json] = {"name": part.name, "filename": part.filename, "type": media_type(part.headers)}
    text = as_text(part.body) if part.filename is None else None
    shown["bytes" if text is None else "text"] = digest(part.body) if text is None else text
    return {name: value for name, value in shown.items() if value}
