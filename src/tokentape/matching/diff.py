"""What differs between a recorded request and an incoming one, both in canonical form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.matching.align import align, by_name, has_names
from tokentape.matching.canonical import encode
from tokentape.matching.chosen import flattened
from tokentape.matching.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

WIDTH = 80
"""Characters of a value in text."""

LEAD = 20
"""Characters of two long texts that are shown before the first difference."""

LISTED_BY_NAME = frozenset({"tools", "functions", "functionDeclarations", "parts"})


class Change(StrEnum):
    """What happened to a value, seen from the recording."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One path, and the whole values on both sides. `recorded` is None where it was added, `incoming`
    where it was removed. As text the values are cut."""

    path: str
    recorded: Json
    incoming: Json
    change: Change = Change.CHANGED

    def __str__(self) -> str:
        if self.change is Change.ADDED:
            return f"{self.path}: not in the recording, now {shown(self.incoming)}"
        if self.change is Change.REMOVED:
            return f"{self.path}: recorded {shown(self.recorded)}, now gone"
        if isinstance(self.recorded, str) and isinstance(self.incoming, str):
            recorded, incoming = windows(self.recorded, self.incoming)
        else:
            recorded, incoming = shown(self.recorded), shown(self.incoming)
        return f"{self.path}: recorded {recorded}, now {incoming}"


def diff(recorded: Json, incoming: Json, leading: tuple[int, int] = (0, 0)) -> list[Difference]:
    """The differences, in the order of a call: operation, model, system, messages, tools, settings.

    Turns are aligned (an inserted one is one addition), tools go by name, blocks by position and type.
    `leading` turns of the bodies, recorded and incoming, count as `system`: turns are numbered as they stand
    in the body, the incoming one where both have the turn.
    """
    if isinstance(recorded, dict) and isinstance(incoming, dict):
        recorded, incoming = flattened(recorded), flattened(incoming)
    try:
        found = sorted(_walk("", recorded, incoming), key=lambda one: _rank(one.path))
        return [_numbered(one, leading) for one in found] if any(leading) else found
    except RecursionError:
        return [Difference("body", recorded, incoming)]


_TURN = re.compile(r"^messages\[(\d+)\]")
_ORDER = (
    "operation",
    "method",
    "scheme",
    "host",
    "port",
    "path",
    "model",
    "stream",
    "system",
    "messages",
    "tools",
)


def _numbered(found: Difference, leading: tuple[int, int]) -> Difference:
    """The difference with the turn's number in the body."""
    before = leading[0] if found.change is Change.REMOVED else leading[1]
    path = _TURN.sub(lambda turn: f"messages[{int(turn[1]) + before}]", found.path)
    return replace(found, path=path)


def _rank(path: str) -> int:
    head = path.partition(".")[0].partition("[")[0]
    return _ORDER.index(head) if head in _ORDER else len(_ORDER)


def _walk(path: str, recorded: Json, incoming: Json) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(incoming, dict):
        yield from _fields(path, recorded, incoming)
    elif isinstance(recorded, list) and isinstance(incoming, list):
        yield from _entries(path, recorded, incoming)
    elif encode(recorded) != encode(incoming):
        yield Difference(path or "body", recorded, incoming)


def _fields(path: str, recorded: dict[str, Json], incoming: dict[str, Json]) -> Iterator[Difference]:
    for name in sorted({*recorded, *incoming}):
        inner = f"{path}.{name}" if path else name
        if name not in incoming:
            yield Difference(inner, recorded[name], None, Change.REMOVED)
        elif name not in recorded:
            yield Difference(inner, None, incoming[name], Change.ADDED)
        else:
            yield from _walk(inner, recorded[name], incoming[name])


def _entries(path: str, recorded: list[Json], incoming: list[Json]) -> Iterator[Difference]:
    last = path.rpartition(".")[2]
    named = last in LISTED_BY_NAME and has_names(recorded) and has_names(incoming)
    for left, right in by_name(recorded, incoming) if named else align(recorded, incoming):
        if right is None and left is not None:
            yield Difference(_entry(path, left, recorded, named), recorded[left], None, Change.REMOVED)
        elif left is None and right is not None:
            yield Difference(_entry(path, right, incoming, named), None, incoming[right], Change.ADDED)
        elif left is not None and right is not None:
            yield from _walk(_entry(path, right, incoming, named), recorded[left], incoming[right])


def _entry(path: str, position: int, entries: list[Json], named: bool) -> str:
    return f"{path}[{name_of(entries[position]) if named else position}]"


def shown(value: Json) -> str:
    """A value as JSON in one line, cut."""
    text = encode(value) if not isinstance(value, str) else _quoted(value)
    return text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."


def windows(recorded: str, incoming: str) -> tuple[str, str]:
    """Two texts, each cut to a window around the first difference."""
    if max(len(recorded), len(incoming)) <= WIDTH - 2:
        return shown(recorded), shown(incoming)
    start = max(0, first_difference(recorded, incoming) - LEAD)
    return _window(recorded, start), _window(incoming, start)


def first_difference(one: str, other: str) -> int:
    """Position of the first character that differs, found by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _window(text: str, start: int) -> str:
    room = WIDTH - 8
    before = "..." if start else ""
    after = "..." if len(text) > start + room else ""
    return _quoted(f"{before}{text[start : start + room]}{after}")


def _quoted(text: str) -> str:
    """As JSON, but with letters of all scripts as they are; control characters stay escaped."""
    return printable(json.dumps(text[: 2 * WIDTH], ensure_ascii=False))


def printable(text: str) -> str:
    """A line of text in which what a reader does not see, or a terminal obeys, is an escape."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )
