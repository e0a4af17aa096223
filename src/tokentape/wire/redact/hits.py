"""A hit: a stretch of bytes to hide, and the laws for laying placeholders over several of them."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from tokentape.wire.redact import placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


NUMBER = "number"
"""The kind of a hit on a bare JSON number; only a user's own rule makes one."""


class Hit(NamedTuple):
    """Bytes `start` to `end` (exclusive) hold a secret of this kind."""

    start: int
    end: int
    kind: str


def settle(data: bytes, hits: Iterable[Hit]) -> list[Hit]:
    """The hits in order, overlaps merged, clear of escapes, without those that hide nothing new."""
    covered = placeholder.spans(data)
    clear = (_clear_of_escapes(data, hit) for hit in hits)
    return merged(
        hit
        for hit in clear
        if hit.end > hit.start
        and not placeholder.is_piece(data[hit.start : hit.end])
        and not within(hit, covered)
    )


def merged(hits: Iterable[Hit]) -> list[Hit]:
    """The hits in order, those that overlap made one."""
    kept: list[Hit] = []
    for hit in sorted(hits):
        if kept and hit.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Hit(last.start, max(last.end, hit.end), last.kind)
        else:
            kept.append(hit)
    return kept


def within(hit: Hit, spans: Sequence[tuple[int, int]]) -> bool:
    """True if one of `spans` (in order, not overlapping) holds all of `hit`."""
    at = bisect_right(spans, hit.start, key=itemgetter(0)) - 1
    return at >= 0 and hit.end <= spans[at][1]


def _clear_of_escapes(data: bytes, hit: Hit) -> Hit:
    """`hit` moved off an escape (`\\n`, `\\u00e9`) or a UTF-8 character that it would cut in two."""
    start, end, kind = hit
    while start < end and hit.start - start < 3 and 0x80 <= data[start] < 0xC0 and start > 0:
        start -= 1
    while end < len(data) and end - hit.end < 3 and 0x80 <= data[end] < 0xC0:
        end += 1
    opened, closed = _escape_at(data, start), _escape_at(data, end)
    return Hit(opened[1] if opened else start, closed[0] if closed else end, kind)


def _escape_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Start and end of the JSON escape that an offset falls into, between its first and last byte."""
    first = data.rfind(b"\\", max(0, at - 5), at)
    if first < 0 or _backslashes_before(data, first + 1) % 2 == 0:
        return None
    end = first + (6 if data[first + 1 : first + 2] == b"u" else 2)
    return (first, end) if at < end else None


def _backslashes_before(data: bytes, at: int) -> int:
    """How many backslashes stand just before `at`; from a long run only the parity is right."""
    window = data[max(0, at - 64) : at]
    return len(window) - len(window.rstrip(b"\\"))


def cover(data: bytes, hits: Sequence[Hit]) -> bytes:
    """`data` with a placeholder of equal length over every hit (in order, not overlapping)."""
    if not hits:
        return data
    pieces: list[bytes] = []
    at = 0
    for start, end, kind in hits:
        pieces += (data[at:start], _over(end - start, kind))
        at = end
    pieces.append(data[at:])
    return b"".join(pieces)


def _over(length: int, kind: str) -> bytes:
    """What goes over a hit: a number stays a number."""
    return b"0".ljust(length) if kind == NUMBER else placeholder.fill(length)


def cut(text: str, hits: Sequence[Hit], word: str = placeholder.WHOLE) -> str:
    """Text read as latin-1 with `word` in place of every hit, where length does not matter."""
    pieces: list[str] = []
    at = 0
    for start, end, _ in hits:
        pieces += (text[at:start], word)
        at = end
    return "".join(pieces) + text[at:]
