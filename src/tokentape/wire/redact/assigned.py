"""Secrets told by a name in running text: `api_key=...`, `x-api-key: ...`, `Authorization: ...`.

Log lines, curl commands, URLs and error texts are written so, but so is code; hence only values that
look random count (`password=os.environ["X"]` is no secret).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact import values
from tokentape.wire.redact.hits import Hit
from tokentape.wire.redact.names import Grade, field_grade, header_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

_VALUE = rb"\s{0,2}\\{0,3}[\"']?([A-Za-z0-9_\-+/.~%*$=]{8,512}+)(?![(\[])"
_EQUALS_RE = re.compile(rb"=" + _VALUE)
_COLON_RE = re.compile(rb":" + _VALUE)
_AUTHORIZATION_RE = re.compile(
    rb"uthorization\\{0,3}[\"']?\s{0,2}[:=]\s{0,2}\\{0,3}[\"']?(?:[A-Za-z][A-Za-z0-9\-]{0,20}[ +])?"
    rb"([A-Za-z0-9_\-+/.~%=]{8,}+)",
    re.IGNORECASE,
)
_AUTHORIZATION = b"uthorization"
_LONGEST_NAME = 64


def find(data: bytes) -> list[Hit]:
    """Values that are assigned to a telling name in running text."""
    hits = [*_named(data, _EQUALS_RE, b"="), *_named(data, _COLON_RE, b":")]
    if _AUTHORIZATION not in data.lower():  # many times as fast as a pattern that ignores the case
        return hits
    hits += [
        Hit(*match.span(1), "credential")
        for match in _AUTHORIZATION_RE.finditer(data)
        if values.looks_random(match[1], 8)
    ]
    return hits


def _named(data: bytes, pattern: re.Pattern[bytes], sign: bytes) -> Iterator[Hit]:
    for match in pattern.finditer(data):
        name = _name_before(data, match.start())
        if name and _tells(name, match[1], sign):
            yield Hit(*match.span(1), "credential")


def _name_before(data: bytes, at: int) -> str:
    """The word that ends at `at`, a space aside, or ""."""
    before = data[max(0, at - _LONGEST_NAME) : at].rstrip(b" ")
    end = len(before)
    while end and (before[end - 1 : end].isalnum() or before[end - 1] in b"_-."):
        end -= 1
    return before[end:].decode("latin-1")


def _tells(name: str, value: bytes, sign: bytes) -> bool:
    grade = field_grade(name)
    if sign == b":" and header_kind(name) is None:
        return False
    if grade is Grade.STRONG:
        return values.looks_random(value, 8)
    if name.lower().endswith("key"):
        return grade is Grade.WEAK and values.looks_secret_key(value)
    return grade is Grade.WEAK and values.looks_random(value, 16)
