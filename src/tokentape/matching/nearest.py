"""The recording most like a request, by how many small items the two have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.wire.interaction import Json

MOST = 200
"""Candidates that are looked at."""

_WORDS = 200
"""Words of one text that count."""

_ITEMS = 5000
"""Items of one request that count."""

_WORD = re.compile(r"\w+")

_UNUSED = 0.25
"""How much likeness being unused is worth: what was played has found its request already."""

Items = frozenset[tuple[str, object]]


def items(value: Json) -> Items:
    """Field and value of every leaf; the words of a text count one by one."""
    found: set[tuple[str, object]] = set()
    for item in _leaves("", value):
        found.add(item)
        if len(found) >= _ITEMS:
            break
    return frozenset(found)


def likeness(one: Items, other: Items) -> float:
    """The share of common items, 0 to 1."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def nearest(wanted: Json, candidates: Iterable[tuple[Json, bool]]) -> int | None:
    """The position of the best of `candidates`, each a canonical request and whether it is unused.

    The same operation comes first, then an equal request, then likeness with some weight on being
    unused; of equals the earliest. None where there is no candidate.
    """
    mine = items(wanted)
    operation = _operation(wanted)
    best: tuple[bool, float] | None = None
    found = None
    for position, (value, unused) in enumerate(candidates):
        alike = likeness(mine, items(value))
        rank = (_operation(value) == operation, 2.0 if alike == 1 else alike + _UNUSED * unused)
        if best is None or rank > best:
            best, found = rank, position
    return found


def _operation(value: Json) -> Json:
    return value.get("operation") if isinstance(value, dict) else None


def _leaves(field: str, value: Json) -> Iterator[tuple[str, object]]:
    waiting: list[tuple[str, Json]] = [(field, value)]
    while waiting:
        name, node = waiting.pop()
        if isinstance(node, dict):
            waiting.extend(node.items())
        elif isinstance(node, list):
            waiting.extend((name, child) for child in node)
        elif isinstance(node, str):
            yield name, node
            yield from ((name, word) for word in _WORD.findall(node[: 20 * _WORDS])[:_WORDS])
        else:
            yield name, (type(node).__name__, node)
