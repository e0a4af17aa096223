"""Headers that fit the bytes: recorders that store a body decoded leave the headers of the coded one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from tokentape.wire.message import Headers

NO_BODY = frozenset({204, 304})
"""Replies that can have none (RFC 9110, 6.4.1), besides those to HEAD."""


def mended(headers: Headers, body: bytes, *, bodyless: bool) -> tuple[Headers, tuple[str, ...]]:
    """Headers under which every client reads `body`, and notes on what was changed."""
    notes = []
    if bodyless:
        return headers, ()
    coding = header(headers, "content-encoding")
    if coding is not None and not is_coded(body, coding):
        headers = without(headers, "content-encoding")
        notes.append(f"Content-Encoding: {coding} was removed, the body is stored without it")
    length = header(headers, "content-length")
    if length is not None and length.strip() != str(len(body)):
        headers = _with_length(headers, len(body))
        notes.append("Content-Length did not fit the stored body and was set anew")
    return headers, tuple(notes)


def is_coded(body: bytes, coding: str) -> bool:
    """True if the bytes can be what Content-Encoding says; the outermost coding is looked at."""
    names = [name.strip().lower() for name in coding.split(",") if name.strip()]
    outermost = names[-1] if names else "identity"
    if outermost == "identity":
        return True
    if not body:
        return False
    match outermost:
        case "gzip" | "x-gzip":
            return body.startswith(b"\x1f\x8b")
        case "zstd":
            return body.startswith(b"\x28\xb5\x2f\xfd")
        case "deflate":
            return _inflates(body)
        case _:
            return not _is_text(body)  # br has no mark of its own, and its codec may be missing


def _inflates(body: bytes) -> bool:
    """As zlib, or raw, which some servers send under the same name."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            zlib.decompressobj(window).decompress(body, 4096)
        except zlib.error:
            continue
        return True
    return False


def _is_text(body: bytes) -> bool:
    try:
        shown = body.decode()
    except UnicodeDecodeError:
        return False
    return all(sign >= " " or sign in "\t\r\n" for sign in shown[:4096])


def _with_length(headers: Headers, length: int) -> Headers:
    """The first Content-Length gets the right value, further ones go."""
    kept, seen = [], False
    for name, value in headers:
        if name.lower() != "content-length":
            kept.append((name, value))
        elif not seen:
            kept.append((name, str(length)))
            seen = True
    return tuple(kept)
