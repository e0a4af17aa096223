"""Secrets that a stream cuts in two: `{"delta": "sk-pr"}` and then `{"delta": "oj-..."}`.

The strings of equal fields are joined over the events, searched as one, and hidden piece by piece
where they stand. What is joined is the escaped text: a piece holds whole escapes, so offsets carry
over. A field is told by its name, by the indexes that its event mentions (choices, tool calls and
content blocks of one stream are interleaved), and by its turn where an event has several.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from tokentape.wire.redact import placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.wire.redact.hits import Hit

    Find = Callable[[bytes], list[Hit]]

_PIECE_RE = re.compile(
    rb"\"(?!(?:id|object|model|type|role|created|obfuscation|p|service_tier|system_fingerprint)\")"
    rb"([A-Za-z_]\w{0,39})\"\s{0,4}:\s{0,4}(?:\"((?:[^\"\\]++|\\.)*+)\"|([0-9]{1,6}+))"
)
_SHORTEST = 9
"""A line with less than `{"a":"b"}`, such as the blank one after each event, has no piece."""

Key = tuple[bytes, tuple[bytes, ...], int]


class Piece(NamedTuple):
    """One string of one event: which event, and where in it."""

    event: int
    start: int
    end: int


def redact(events: Sequence[bytes], find: Find) -> tuple[list[bytes], list[Hit]]:
    """The events with split secrets hidden, lengths unchanged, and what was found."""
    changed: dict[int, bytearray] = {}
    found: list[Hit] = []
    for pieces in _joined(events).values():
        if len(pieces) > 1:
            found += _redact_field(events, pieces, find, changed)
    return [bytes(changed.get(number, event)) for number, event in enumerate(events)], found


def joined(events: Sequence[bytes]) -> list[bytes]:
    """The joined texts themselves, for the final scan."""
    groups = _joined(events).values()
    return [b"".join(events[n][a:b] for n, a, b in pieces) for pieces in groups if len(pieces) > 1]


def _joined(events: Sequence[bytes]) -> dict[Key, list[Piece]]:
    groups: dict[Key, list[Piece]] = {}
    for number, event in enumerate(events):
        if len(event) < _SHORTEST:
            continue
        found = list(_PIECE_RE.finditer(event))
        indexes = tuple(match[3] for match in found if match[3] is not None and b"ndex" in match[1])
        turns: dict[bytes, int] = {}
        for match in found:
            if not match[2]:
                continue
            turn = turns[match[1]] = turns.get(match[1], -1) + 1
            groups.setdefault((match[1], indexes, turn), []).append(Piece(number, *match.span(2)))
    return groups


def _redact_field(
    events: Sequence[bytes], pieces: Sequence[Piece], find: Find, changed: dict[int, bytearray]
) -> list[Hit]:
    """Hits over piece borders in one field, laid over the events in `changed`."""
    text = b"".join(events[number][start:end] for number, start, end in pieces)
    hits = find(text)
    ends = list(accumulate(end - start for _, start, end in pieces)) if hits else []
    found: list[Hit] = []
    for hit in hits:
        first, last = bisect_right(ends, hit.start), bisect_left(ends, hit.end)
        if first == last:
            continue
        found.append(hit)
        word = placeholder.fill(hit.end - hit.start)
        for piece, end in zip(pieces[first : last + 1], ends[first : last + 1], strict=True):
            at = end - (piece.end - piece.start)
            low, high = max(hit.start, at), min(hit.end, end)
            event = changed.setdefault(piece.event, bytearray(events[piece.event]))
            event[piece.start + low - at : piece.start + high - at] = word[low - hit.start : high - hit.start]
    return found
