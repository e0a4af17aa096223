"""Parameters of header values: `text/plain; charset=utf-8` (RFC 9110, section 5.6.6)."""

from __future__ import annotations

import re

_PARAMETER = re.compile(r';\s*([^\s;=]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def parameters(value: str) -> dict[str, str]:
    """Name (lower case) to value (unquoted); of a repeated name the first counts."""
    found: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(value):
        found.setdefault(name.lower(), _QUOTED_PAIR.sub(r"\1", quoted) if quoted else token.strip())
    return found
