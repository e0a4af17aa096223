"""Bodies that are shown as text or, at the last, as base64."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from tokentape.cassettes.format.folding import MARK, fold_text, unfold

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_FOLDED_AT_MOST = 1 << 20
_HEAD = 4096


def show_text(body: bytes) -> dict[str, Json] | None:
    """`{"text": S}` where the bytes are UTF-8 without NULs near the start, else None."""
    if has_nul_near_start(body):
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return {"text": fold_text(text) if len(text) <= _FOLDED_AT_MOST else text}


def has_nul_near_start(body: bytes) -> bool:
    """True for what is no text, though it may be UTF-8."""
    return b"\0" in body[:_HEAD]


def show_base64(body: bytes) -> dict[str, Json]:
    """`{"base64": S}`: fits any bytes."""
    return {"base64": base64.b64encode(body).decode("ascii")}


def restore_text(form: dict[str, Json]) -> str:
    """The text again. ValueError if it is neither a text nor `{"$lines": [...]}`."""
    text = form["text"]
    if isinstance(text, dict) and MARK in text:
        text = unfold(text)
    if not isinstance(text, str):
        raise ValueError("text is not a text")
    return text


def restore_base64(value: Json) -> bytes:
    """The bytes again. ValueError if it is not base64."""
    if not isinstance(value, str):
        raise ValueError("base64 is not a text")
    return bytes_of_base64(value)


def bytes_of_base64(text: str | bytes | memoryview) -> bytes:
    """The bytes that base64 text means. ValueError if it is not base64.

    `binascii` passes over what is no base64 digit unless it is told to be strict, which takes half as long
    again. But whatever it passed over is missing in the result, so the length tells.
    """
    try:
        found = binascii.a2b_base64(text)
        if len(text) % 4 == 0 and len(found) == len(text) // 4 * 3 - _padding(text):
            return found
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError(f"base64: {problem}") from None


def _padding(text: str | bytes | memoryview) -> int:
    tail = text[-2:] if isinstance(text, str) else bytes(text[-2:]).decode("latin-1")
    return len(tail) - len(tail.rstrip("="))
