"""Secrets told by the name of their field: `"api_key": "..."`, in JSON at any level of escaping.

Works on bytes, not on parsed values, so that whatever is around stays as it is, and so that broken
JSON, JSON inside strings (inside strings), streams of JSON and Python's own notation are read alike.
At level n every quote is written after k = 2^n - 1 backslashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact import values
from tokentape.wire.redact.hits import Hit
from tokentape.wire.redact.names import Grade, field_grade
from tokentape.wire.redact.prefilter import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_COLON_RE = re.compile(rb"[\"']\s{0,8}:\s*+")
_ENDS = sorted({"".join(f"[{c}{c.upper()}]" for c in word[-2:]) for word in SUFFIXES})
_TELLING_COLON_RE = re.compile(
    rb"[\"'](?:(?<=\\.)|(?<=(?:" + "|".join(_ENDS).encode() + rb")[\"']))\s{0,8}:\s*+", re.DOTALL
)
"""The same after a name that ends like one of ours, or after an escaped quote."""

_OPEN_RE = re.compile(rb"(\\*+)([\"'])")
_NEXT_RE = re.compile(rb"(?:\s|\\[nrt])*+,(?:\s|\\[nrt])*+")
_LIST_RE = re.compile(rb"\[(?:\s|\\[nrt])*+")
_LONGEST_NAME = 64
_LONGEST_VALUE = 1 << 16
_HINTS = (b"thinking", b"easoning", b"hought", b"signature_delta")


def find(data: bytes, extra: Collection[str] = ()) -> list[Hit]:
    """Values of fields with a telling name. `extra`: more names, in lower case, all of them sure."""
    hits: list[Hit] = []
    done = 0
    for match in (_COLON_RE if extra else _TELLING_COLON_RE).finditer(data):
        if match.start() < done:
            continue
        name = _name_before(data, match.start())
        grade = Grade.STRONG if name.lower() in extra else field_grade(name)
        if grade is Grade.NONE:
            continue
        for start, end in _strings_at(data, match.end()):
            done = end
            if _tells(data, name, grade, data[start:end]):
                hits.append(Hit(start, end, "credential"))
    return hits


def _name_before(data: bytes, quote: int) -> str:
    """The field name that ends with the quote at `quote`, or ""."""
    before = data[max(0, quote - _LONGEST_NAME - 8) : quote].rstrip(b"\\")
    name = before.rpartition(data[quote : quote + 1])[2]
    return name.decode("latin-1") if len(name) <= _LONGEST_NAME else ""


def _strings_at(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Offsets of the string that starts at `at`, or of the strings of the list there."""
    bracket = _LIST_RE.match(data, at)
    span = string_span(data, bracket.end() if bracket else at)
    while span is not None:
        start, end, after = span
        yield start, end
        comma = _NEXT_RE.match(data, after) if bracket else None
        span = string_span(data, comma.end()) if comma else None


def string_span(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Start and end of what stands between the quotes that open at `at`, and the offset after them.

    A string that does not end (a body cut off, JSON cut off inside a string) goes up to where the
    text around it ends. None if no quote opens there.
    """
    opened = _OPEN_RE.match(data, at)
    if opened is None:
        return None
    level, quote, start = len(opened[1]), opened[2], opened.end()
    limit = min(len(data), start + _LONGEST_VALUE)
    close = data.find(quote, start, limit)
    while close >= 0:
        run = _backslashes_before(data, close, start)
        if run % (2 * level + 2) == level or run < level:
            return start, close - min(run, level), close + 1
        close = data.find(quote, close + 1, limit)
    cut = re.compile(rb"[^\s\"']*+").match(data, start, limit)
    end = cut.end() if cut else limit
    return start, end, limit


def _backslashes_before(data: bytes, at: int, start: int) -> int:
    """How many backslashes stand just before `at`, not counting beyond `start`."""
    first = at
    while first > start and data[first - 1] == 0x5C:
        first -= 1
    return at - first


def _tells(data: bytes, name: str, grade: Grade, value: bytes) -> bool:
    """True if this value of this field is a credential."""
    if not value or values.is_type_word(value):
        return False
    if grade is Grade.STRONG:
        return True
    last = name[-3:].lower()
    if last == "key":
        return values.looks_secret_key(value)
    if name.lower() == "signature" and any(hint in data for hint in _HINTS):
        return False
    return values.looks_random(value, 16)
