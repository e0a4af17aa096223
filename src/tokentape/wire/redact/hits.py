"""A hit: a stretch of bytes to hide, and the laws for laying placeholders over several of them."""

from __future__ import annotations

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
    kept: list[Hit] = []
    for raw in sorted(hits):
        hit = _clear_of_escapes(data, raw)
        if hit.end <= hit.start or placeholder.is_piece(data[hit.start : hit.end]):
            continue
        if any(start <= hit.start and hit.end <= end for start, end in covered):
            continue
        if kept and hit.start < kept[-1].end:
            last = kept.pop()
            hit = Hit(last.start, max(last.end, hit.end), last.kind)
        kept.append(hit)
    return kept


def _clear_of_escapes(data: bytes, hit: Hit) -> Hit:
    """`hit` moved off an escape (`\\n`, `\\u00e9`) or a UTF-8 character that it would cut in two."""
    start, end, kind = hit
    while start < end and hit.start - start < 3 and 0x80 <= data[start] < 0xC0 and start > 0:
        start -= 1
    while end < len(data) and end - hit.end < 3 and 0x80 <= data[end] < 0xC0:
        end += 1
    if _open_escape(data, start):
        start += 5 if data[start : start + 1] == b"u" else 1
    if _open_escape(data, end):
        end -= 1
    return Hit(start, end, kind)


def _open_escape(data: bytes, at: int) -> bool:
    """True if an odd run of backslashes ends just before `at`."""
    if at == 0 or data[at - 1] != 0x5C:
        return False
    window = data[max(0, at - 64) : at]
    return (len(window) - len(window.rstrip(b"\\"))) % 2 == 1


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
