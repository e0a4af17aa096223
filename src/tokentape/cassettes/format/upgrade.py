"""Older versions of the format, brought up in memory step by step: `convert_N_M`; written on save only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import CassetteCorrupt, CassetteTooNew

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.wire.interaction import Json

    Document = dict[str, Json]
    Steps = Mapping[int, Callable[[Document], Document]]

VERSION = 1
"""The version that is written."""

CONVERT: Steps = {}
"""From a version to the step that leads to the next. Version 1 is the first, so there is none yet."""


def upgraded(document: Document, path: str, *, steps: Steps = CONVERT, to: int = VERSION) -> Document:
    """The document in version `to`. Raises `CassetteTooNew`, or `CassetteCorrupt` for no version at all."""
    version = document["tokentape"]
    if type(version) is not int or version < 1:
        raise CassetteCorrupt(
            path, f"{version!r} is no version of the format", fix=f"this one reads up to {to}"
        )
    if version > to:
        problem = f"version {version} of the format; this tokentape reads up to {to}"
        raise CassetteTooNew(path, problem, fix="use a newer tokentape")
    while version < to:
        document = steps[version](document)
        version += 1
    return document
