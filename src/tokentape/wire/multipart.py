"""The parts of a multipart body (RFC 2046, section 5.1), with their places in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tokentape.wire.message import header
from tokentape.wire.parameters import parameters

if TYPE_CHECKING:
    from tokentape.wire.message import Headers

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `start` and `end` are the offsets of its `body` in the whole, so it can be replaced."""

    headers: Headers
    body: bytes
    start: int
    end: int

    @property
    def name(self) -> str | None:
        """The form field it fills, from Content-Disposition."""
        return self._disposition().get("name")

    @property
    def filename(self) -> str | None:
        """The file name it was sent under, from Content-Disposition."""
        return self._disposition().get("filename")

    def _disposition(self) -> dict[str, str]:
        return parameters(header(self.headers, "content-disposition") or "")


def multipart_parts(content_type: str, body: bytes) -> list[Part] | None:
    """The parts in order, or None if the type is not multipart or the body is not built of parts.

    What comes before the first delimiter and after the last is no part. Lines may end with LF alone.
    """
    boundary = parameters(content_type).get("boundary")
    if not boundary or not content_type.strip().lower().startswith("multipart/"):
        return None
    delimiters = list(_delimiter(boundary).finditer(body))
    last = next((at for at, found in enumerate(delimiters) if found[1]), None)
    if last is None:
        return None
    bounds = pairwise(delimiters[: last + 1])
    parts = [_part(body, before.end(), after.start()) for before, after in bounds]
    return [part for part in parts if part is not None] if None not in parts else None


def _delimiter(boundary: str) -> re.Pattern[bytes]:
    """At the start of a line: two dashes, the boundary, two more if it is the last, then white space.

    The line end after it is looked at, not taken: it is also the line end before the next delimiter.
    """
    name = re.escape(boundary.encode("latin-1", "replace"))
    return re.compile(rb"(?:\A|\r?\n)--" + name + rb"(--)?[ \t]*(?=\r?\n|\Z)")


def _part(body: bytes, start: int, end: int) -> Part | None:
    """The part between two delimiters; it begins with the line end of the first. Its body may be missing."""
    blank = _BLANK_LINE.search(body, start, end)
    head, at = (blank.start(), blank.end()) if blank else (end, end)
    fields = _fields(body[start:head])
    return None if fields is None else Part(fields, body[at:end], at, end)


def _fields(block: bytes) -> Headers | None:
    """Header fields as UTF-8, which forms use for names; a line that is none makes this no part."""
    lines = [line for line in re.split(rb"\r?\n(?![ \t])", block) if line]
    if not all(b":" in line for line in lines):
        return None
    pairs = (line.decode("utf-8", "surrogateescape").partition(":") for line in lines)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)
