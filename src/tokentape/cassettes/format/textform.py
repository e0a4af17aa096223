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
    if b"\0" in body[:_HEAD]:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return {"text": fold_text(text) if len(text) <= _FOLDED_AT_MOST else text}


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
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError(f"base64: {problem}") from None
