"""Which entry of one list belongs to which of another, so that one insertion is one difference.

Entries are compared by fingerprint, never by character, and by what they are called (tools by name, tool
results by id, turns by role). Runs of equal entries at both ends are taken off first; what is left in
the middle is aligned by a matcher on fingerprints, or, beyond `MOST`, position by position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.matching.canonical import encode
from tokentape.matching.paths import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.wire.interaction import Json

Pair = tuple[int | None, int | None]
"""Position in the recorded and in the incoming list; None where there is no counterpart."""

MOST = 3000
"""Entries left over on one side up to which the matcher runs; its time can grow with their product."""


def align(recorded: Sequence[Json], incoming: Sequence[Json]) -> list[Pair]:
    """Pairs that differ, in order: changed, removed (no incoming), added (no recorded). Equal ones are
    left out."""
    left, right = [hash(encode(e)) for e in recorded], [hash(encode(e)) for e in incoming]
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    left, right = left[start : len(left) - end], right[start : len(right) - end]
    pairs: list[Pair] = []
    for (l_from, l_to), (r_from, r_to) in _gaps(left, right):
        lefts = range(start + l_from, start + l_to)
        rights = range(start + r_from, start + r_to)
        pairs += _matched(recorded, incoming, lefts, rights)
    return pairs


def by_name(recorded: Sequence[Json], incoming: Sequence[Json]) -> list[Pair]:
    """Pairs of entries with the same name that differ, then removed, then added ones."""
    left, right = _names(recorded), _names(incoming)
    both = [(left[name], right[name]) for name in left if name in right]
    pairs: list[Pair] = [(i, j) for i, j in both if encode(recorded[i]) != encode(incoming[j])]
    pairs += [(position, None) for name, position in left.items() if name not in right]
    pairs += [(None, position) for name, position in right.items() if name not in left]
    return pairs


def has_names(entries: Sequence[Json]) -> bool:
    """True if every entry has a name of its own."""
    names = [name_of(entry) for entry in entries]
    return None not in names and len(set(names)) == len(names)


def _names(entries: Sequence[Json]) -> dict[str, int]:
    return {name_of(entry) or str(position): position for position, entry in enumerate(entries)}


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(left), len(right)))


def _gaps(left: list[int], right: list[int]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The stretches of both lists that have no equal counterpart."""
    from difflib import SequenceMatcher

    if not left or not right or max(len(left), len(right)) > MOST:
        yield (0, len(left)), (0, len(right))
        return
    for tag, l_from, l_to, r_from, r_to in SequenceMatcher(None, left, right, autojunk=True).get_opcodes():
        if tag != "equal":
            yield (l_from, l_to), (r_from, r_to)


def _matched(recorded: Sequence[Json], incoming: Sequence[Json], lefts: range, rights: range) -> list[Pair]:
    """Pair entries of a stretch in order, each with the next one of its sort; the rest stands alone."""
    pairs: list[Pair] = []
    waiting = list(rights)
    for left in lefts:
        sort = _sort_of(recorded[left])
        at = next((n for n, right in enumerate(waiting[:50]) if _sort_of(incoming[right]) == sort), None)
        if at is None:
            pairs.append((left, None))
            continue
        pairs += [(None, right) for right in waiting[:at]]
        pairs.append((left, waiting[at]))
        del waiting[: at + 1]
    return pairs + [(None, right) for right in waiting]


def _sort_of(entry: Json) -> object:
    """What an entry is, apart from what it says: role, type, and the call it answers."""
    if not isinstance(entry, dict):
        return type(entry)
    told = [str(entry.get(name)) for name in ("role", "type", "tool_call_id", "tool_use_id", "call_id")]
    return (*told, tuple(sorted(entry)) if told[:2] == ["None", "None"] else ())
