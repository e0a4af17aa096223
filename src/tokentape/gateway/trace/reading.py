"""Traces as they lie on disk, for whoever looks at them: lists, and one by its id.

What cannot be read (a file that was torn, a line of the index that was) is told and passed over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.gateway.trace.files import days
from tokentape.gateway.trace.names import ENDING, INDEX, safe_id
from tokentape.gateway.trace.summary import summary
from tokentape.protocols.reading import text
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_TIME = len("093000123-")


@dataclass(slots=True)
class Listing:
    """Lines of traces, newest first, and what was passed over, each with its reason."""

    lines: list[Fields] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def load(path: str) -> Fields:
    """A trace. Raises `OSError`, and `JsonError` for a file that is none (any more)."""
    with open(path, "rb") as file:
        found = parse(file.read())
    if not isinstance(found, dict) or "tokentape_trace" not in found:
        raise JsonError("not a trace")
    return found


def find(directory: str, id: str) -> Fields | None:
    """The newest trace that is called `id`; None if there is none that can be read."""
    for path in paths(directory, id):
        try:
            found = load(path)
        except (OSError, JsonError):
            continue
        if found.get("id") == id:
            return found
    return None


def paths(directory: str, start: str = "") -> Iterator[str]:
    """The files of traces whose id is `start` or begins with it, newest first."""
    wanted = safe_id(start) if start else ""
    for day in reversed(days(directory)):
        folder = os.path.join(directory, day)
        for name in sorted(os.listdir(folder), reverse=True):
            if name.endswith(ENDING) and not name.startswith(".") and name[_TIME:].startswith(wanted):
                yield os.path.join(folder, name)


def recent(directory: str, most: int) -> Listing:
    """The last traces. The index says what they are; a trace that is not in it (its writer died between
    the two) is looked into.
    """
    listing = Listing()
    for day in reversed(days(directory)):
        folder = os.path.join(directory, day)
        indexed = _index(folder, listing)
        for name in sorted(os.listdir(folder), reverse=True):
            if not name.endswith(ENDING) or name.startswith("."):
                continue
            if len(listing.lines) >= most:
                return listing
            line = indexed.get(name.partition(".")[0]) or _looked_into(os.path.join(folder, name), listing)
            if line is not None:
                listing.lines.append(line)
    return listing


def _index(folder: str, listing: Listing) -> dict[str, Fields]:
    """The lines of the index by the name of the file that they are about."""
    found: dict[str, Fields] = {}
    try:
        with open(os.path.join(folder, INDEX), "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return found
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            told = parse(line)
        except JsonError:
            listing.passed_over.append(f"{folder}/{INDEX}, line {number}: torn")
            continue
        if isinstance(told, dict):
            found[_name(told)] = told
    return found


def _name(line: Fields) -> str:
    """The name of the file, from what its line says: `at` is the time of day that the name begins with."""
    clock = text(line.get("at"))[11:23].translate({ord(":"): None, ord("."): None})
    return f"{clock}-{safe_id(text(line.get('id')))}"


def _looked_into(path: str, listing: Listing) -> Fields | None:
    try:
        return summary(load(path))
    except (OSError, JsonError):
        listing.passed_over.append(f"{path}: cannot be read; it was torn when its writer died, or edited")
        return None
