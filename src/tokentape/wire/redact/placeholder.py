"""What stands where a secret stood.

Whole header and query values become `[redacted]`. Inside bodies the placeholder is exactly as long
as what it replaces, so that Content-Length, chunk lengths and event-stream frames stay true:
`[redacted~~~]`, or stars where there is no room for the word.
"""

from __future__ import annotations

import re

WHOLE = "[redacted]"
WHOLE_ESCAPED = "%5Bredacted%5D"
"""The same in places where brackets have a meaning of their own (URL authority and path)."""

PLACEHOLDER_RE = re.compile(r"\[redacted~*+\]|%5Bredacted%5D")
"""Any placeholder that holds the word, wherever it stands."""

_STARS_RE = re.compile(r"\*{1,9}")
_SPAN_RE = re.compile(rb"\[redacted~*+\]|%5Bredacted%5D")
_PIECE_RE = re.compile(rb"\[redacted~*+\]?|%5Bredacted%5D")
_HEAD = b"[redacted"


def fill(length: int) -> bytes:
    """A placeholder of `length` bytes. It needs no escape in JSON, in a form or in a header."""
    if length < len(WHOLE):
        return b"*" * length
    return _HEAD + b"~" * (length - len(WHOLE)) + b"]"


def is_placeholder(text: str) -> bool:
    """True if `text` is a placeholder and nothing else."""
    return bool(PLACEHOLDER_RE.fullmatch(text) or _STARS_RE.fullmatch(text))


def is_piece(value: bytes) -> bool:
    """True for a placeholder, or for the beginning of one that a stream cut in two."""
    if not value.strip(b"*"):
        return True
    return _HEAD.startswith(value) or _PIECE_RE.fullmatch(value) is not None


def spans(data: bytes) -> list[tuple[int, int]]:
    """Where placeholders stand in `data` (byte offsets, end exclusive)."""
    return [match.span() for match in _SPAN_RE.finditer(data)] if _HEAD[1:] in data else []


def collapse(text: str) -> str:
    """`text` with every placeholder in its shortest form, so that lengths make no difference."""
    if _STARS_RE.fullmatch(text):
        return WHOLE
    return PLACEHOLDER_RE.sub(WHOLE, text) if "redacted" in text else text
