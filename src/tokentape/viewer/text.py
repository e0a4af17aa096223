"""Data as text that can stand inside a script element and is never markup there."""

from __future__ import annotations

import base64
import json
import math
import zlib

MARKUP = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""These stand only inside the strings of JSON, so that the escapes mean the same. Without `<` no element can
end, no comment and no other element begin.
"""


def page_json(value: object) -> str:
    """JSON in ASCII without a character that HTML knows; numbers that JSON has not become texts."""
    try:
        text = _dumped(value)
    except ValueError:
        text = _dumped(_finite(value))
    return text.translate(MARKUP)


def packed(text: str) -> str:
    """Compressed, as letters; the page unpacks it with DecompressionStream("deflate")."""
    return base64.b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value
