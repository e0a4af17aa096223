"""Multipart forms, as far as uploads of SDKs need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.multipart import multipart_parts

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen
    from tokentape.wire.multipart import Part


def value(seen: Seen, name: str, default: str = "") -> str:
    """The text of the first field `name`."""
    return next((part.body.decode("utf-8", "replace") for part in _parts(seen) if part.name == name), default)


def upload(seen: Seen) -> Part | None:
    """The first file."""
    return next((part for part in _parts(seen) if part.filename), None)


def _parts(seen: Seen) -> list[Part]:
    """The parts of a form, in order; none where the request is no form."""
    return multipart_parts(seen.header("content-type") or "", seen.body or b"") or []
