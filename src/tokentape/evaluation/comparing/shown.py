"""A verdict in lines, for people who read why a test failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.plain import in_short
from tokentape.matching.diff import windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.comparing.comparator import Difference, Verdict

MOST = 10
"""Differences that are shown."""
_WORDS = {"missing": (True, False), "added": (False, True)}
"""Notes that say which side is there at all."""


def lines_of(verdict: Verdict, before: str, after: str) -> Iterator[str]:
    """What differs, by field: both sides under the names `before` and `after`, cut where they are long."""
    width = max(len(before), len(after)) + 1
    for difference in verdict.differences[:MOST]:
        has_before, has_after = _WORDS.get(difference.note, (True, True))
        yield f"  {difference.path}" + (f" ({difference.note})" if difference.note else "")
        one, other = _cut(difference)
        if has_before:
            yield f"    {before + ':':<{width}} {one}"
        if has_after:
            yield f"    {after + ':':<{width}} {other}"
    left = len(verdict.differences) - MOST
    if left > 0:
        yield f"  and {left} more"


def _cut(difference: Difference) -> tuple[str, str]:
    """Both sides in a line each; of long texts, what is around the place where they part."""
    before, after = difference.before, difference.after
    if isinstance(before, str) and isinstance(after, str):
        return windows(before, after)
    return in_short(before), in_short(after)
