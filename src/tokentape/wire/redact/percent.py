"""Percent-encoding, without what `urllib` brings along at import."""

from __future__ import annotations

import re

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_ESCAPE_RE = re.compile(rb"%([0-9A-Fa-f]{2})")


def quote(data: bytes, safe: bytes = b"") -> bytes:
    """`data` with everything but unreserved characters (RFC 3986, 2.3) and `safe` escaped."""
    return b"".join(
        bytes((code,)) if code in _UNRESERVED or code in safe else b"%%%02X" % code for code in data
    )


def unquote(data: bytes, *, plus: bool = False) -> bytes:
    """`data` with escapes undone; `plus`: a + is a space, as in forms."""
    if plus:
        data = data.replace(b"+", b" ")
    return _ESCAPE_RE.sub(lambda match: bytes((int(match[1], 16),)), data) if b"%" in data else data
