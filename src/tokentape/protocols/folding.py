"""Merging what comes in parts: the rules for fields that nobody has told us about.

A stream says a thing once, again, or bit by bit. Objects merge by field, lists grow (entries with the
same `index` merge), text grows; null adds nothing; names and ids are said again, not continued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import number
from tokentape.protocols.synthesis import NotConvertible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

_SAID_AGAIN = frozenset({"id", "type", "role", "name", "format", "object", "model", "status", "signature"})


def grown(old: Json, new: Json, name: str = "") -> Json:
    """`old` with the next part of it."""
    if new is None or old is None:
        return old if new is None else new
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: grown(old.get(key), value, key) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return _longer(old, new)
    if isinstance(old, str) and isinstance(new, str):
        return new or old if name in _SAID_AGAIN else old + new
    return new


def _longer(old: list[Json], new: list[Json]) -> list[Json]:
    entries = list(old)
    for entry in new:
        index = number(entry.get("index")) if isinstance(entry, dict) else None
        same = (n for n, e in enumerate(entries) if isinstance(e, dict) and number(e.get("index")) == index)
        at = None if index is None else next(same, None)
        if at is None:
            entries.append(entry)
        else:
            entries[at] = grown(entries[at], entry)
    return entries


class Growing:
    """A value that comes in parts, put together as `grown` does it; but parts of a like number are joined
    first, so that a long text is not copied for each of its pieces.
    """

    __slots__ = ("_parts",)

    def __init__(self, begun: Json = None) -> None:
        self._parts: list[tuple[int, Json]] = [(0, begun)]

    def add(self, part: Json) -> None:
        """The next part."""
        count = 1
        if isinstance(part, list):
            part = grown([], part)  # several entries of one place in one part
        while len(self._parts) > 1 and self._parts[-1][0] <= count:
            more, before = self._parts.pop()
            part, count = grown(before, part), count + more
        self._parts.append((count, part))

    @property
    def value(self) -> Json:
        """All of it so far."""
        found: Json = None
        for _, part in self._parts:
            found = grown(found, part)
        return found


def latest(old: Json, new: Json) -> Json:
    """`old` as told again: objects field by field, else the new value, unless it says nothing."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: latest(old.get(key), value) for key, value in new.items()}}
    says_nothing = new is None or new == "" or (new == 0 and new is not False)
    return old if says_nothing and old is not None else new


def objects_of(stream: Sequence[Payload]) -> Iterator[dict[str, Json]]:
    """The events as objects, `[DONE]` left out.

    Raises `NotConvertible` for an event that is none, or that tells an error.
    """
    for payload in stream:
        if payload.is_done:
            continue
        event = payload.json
        if not isinstance(event, dict):
            raise NotConvertible("an event of the stream is no JSON object")
        if event.get("error") or event.get("type") == "error" or payload.name == "error":
            raise NotConvertible("the stream ended with an error")
        yield event
