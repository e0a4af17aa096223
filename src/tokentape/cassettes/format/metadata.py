"""New metadata in the block of an interaction: nothing else of it moves, however it is laid out."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.format.bodytext import flat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

_DECODER = JSONDecoder(strict=False)
_BLANK = re.compile(r"[ \t\r\n]*")


class Note(NamedTuple):
    """What is to be said of an interaction: names with their values, and names that go."""

    values: Mapping[str, Json]
    gone: frozenset[str] = frozenset()

    def on(self, metadata: Mapping[str, Json]) -> dict[str, Json]:
        """The metadata with it; the order of what stays is kept."""
        return {name: value for name, value in {**metadata, **self.values}.items() if name not in self.gone}


def noted(block: bytes, note: Note) -> bytes:
    """The block with its note. Its `check` still fits: that covers what was sent and what came.

    Raises `ValueError` for one that cannot be read.
    """
    text = block.decode()
    try:
        start, end, old = _member(text)
    except (IndexError, RecursionError) as error:
        raise ValueError(str(error)) from error
    new = flat(note.on(old))
    if new == flat(old):  # as text: True is not 1
        return block
    written = f', "metadata": {new}' if start == end else new
    return f"{text[:start]}{written}{text[end:]}".encode()


def _member(text: str) -> tuple[int, int, dict[str, Json]]:
    """Where the value of `metadata` stands in an object, and the value.

    Where there is none: the end of the first member, twice.
    """
    at, first = text.index("{") + 1, 0
    while True:
        name, at = _DECODER.raw_decode(text, _skip(text, at))
        start = _skip(text, _skip(text, at) + 1)  # behind the colon
        value, at = _DECODER.raw_decode(text, start)
        if name == "metadata":
            return start, at, value if isinstance(value, dict) else {}
        first = first or at
        at = _skip(text, at)
        if text[at] == "}":
            return first, first, {}
        at += 1


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
