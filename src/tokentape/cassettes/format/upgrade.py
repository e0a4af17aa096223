"""Older versions of the format, brought up in memory one step at a time: `convert_N_M`, written on save only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import VERSION
from tokentape.errors import CassetteCorrupt, CassetteTooNew

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

    Document = dict[str, Json]

CONVERT: dict[int, Callable[[Document], Document]] = {}
"""From a version to the step that leads to the next. Version 1 is the first, so there is none yet."""


def upgraded(document: Document, path: str) -> Document:
    """The document in this version. Raises `CassetteTooNew`, or `CassetteCorrupt` for no version at all."""
    version = document["tokentape"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CassetteCorrupt(
            path, f"{version!r} is no version of the format", fix=f"this one reads up to {VERSION}"
        )
    if version > VERSION:
        problem = f"version {version} of the format; this tokentape reads up to {VERSION}"
        raise CassetteTooNew(path, problem, fix="use a newer tokentape")
    while version < VERSION:
        document = CONVERT[version](document)
        version += 1
    return document
