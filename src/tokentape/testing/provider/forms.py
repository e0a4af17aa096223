"""Multipart forms (RFC 7578), as far as uploads of SDKs need them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen

BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
NAMED = re.compile(rb'[; ]name="([^"]*)"')
FILENAME = re.compile(rb'filename="([^"]*)"')
TYPE = re.compile(rb"^content-type:\s*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Field:
    """One part. `filename` is "" for a plain value."""

    name: str
    data: bytes = field(repr=False)
    filename: str = ""
    media: str = ""

    @property
    def text(self) -> str:
        """The value as text."""
        return self.data.decode("utf-8", "replace")


def fields(seen: Seen) -> list[Field]:
    """The parts of a form, in order; none where the request is no form."""
    named = BOUNDARY.search(seen.header("content-type") or "")
    if named is None:
        return []
    pieces = (b"\r\n" + (seen.body or b"")).split(b"\r\n--" + named[1].encode())
    return [_field(piece) for piece in pieces[1:-1]]


def value(seen: Seen, name: str, default: str = "") -> str:
    """The text of the first field `name`."""
    return next((one.text for one in fields(seen) if one.name == name), default)


def upload(seen: Seen, *names: str) -> Field | None:
    """The first file; of these names, if any are given."""
    found = (one for one in fields(seen) if one.filename and (not names or one.name in names))
    return next(found, None)


def _field(piece: bytes) -> Field:
    head, _, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    return Field(_said(NAMED, b";" + head), data, _said(FILENAME, head), _said(TYPE, head))


def _said(pattern: re.Pattern[bytes], head: bytes) -> str:
    found = pattern.search(head)
    return found[1].decode("utf-8", "replace").strip() if found else ""
