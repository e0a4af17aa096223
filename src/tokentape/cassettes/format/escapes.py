"""What a reviewer could not see is always spelled out: `\\u202e`, never the character itself."""

from __future__ import annotations

import re
from json import JSONEncoder

# A fixed table, not `unicodedata`: the same text must give the same file under every Python.
_HIDDEN = (
    "\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
HIDDEN = re.compile(f"[{_HIDDEN}]")
"""Control (DEL, C1), bidi, invisible, look-like-space, private and surrogate code points.

C0 controls are not in it: JSON escapes those by itself, and the layout's newlines stay.
"""

_COMMON = ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\t", b"\\t"))
_RARE = tuple(bytes((code,)) for code in (*range(32), 0x7F) if code not in b"\n\r\t")
_quote = JSONEncoder(ensure_ascii=False).encode


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def visible(text: str) -> str:
    """JSON text with every hidden character escaped (they occur inside strings only)."""
    if text.isascii() and "\x7f" not in text:
        return text
    return HIDDEN.sub(_spelled, text)


def quoted_bytes(body: bytes) -> bytes | None:
    """`quoted` for a body that may be large, in UTF-8; None if it is no text.

    Nearly all large texts are ASCII and need few escapes or none: those are put in byte by byte, without
    the three copies that a text costs.
    """
    if body.isascii() and not any(sign in body for sign in _RARE):
        for sign, spelled in _COMMON:
            body = body.replace(sign, spelled)
        return b'"%b"' % body
    try:
        return quoted(body.decode()).encode()
    except UnicodeDecodeError:
        return None


def quoted(text: str) -> str:
    """`text` as a JSON string of the file: letters readable, hidden characters escaped."""
    return visible(_quote(text))
