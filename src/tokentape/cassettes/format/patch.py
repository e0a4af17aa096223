"""The difference between a JSON text as some program wrote it and as one of our styles writes it.

A patch is `[[offset, inserted], [offset, inserted, dropped], ...]`, offsets in characters of the
styled text, ascending; an offset of -1 is just before the closing bracket, where Anthropic pads its
events with spaces. A patch may add or drop whitespace and respell a token, never change the value:
whoever edits the value by hand gets the edit, and a patch that no longer fits is let go.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from tokentape.cassettes.format.styles import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

_TOKEN = re.compile(r'([ \t\n\r]*)("(?:[^"\\]|\\.)*"|[,:\[\]{}]|[^\s",:\[\]{}]+|\Z)')
_SPACES = re.compile(r"[ \t\n\r]*")
LONGEST = 256 * 1024
"""Longer texts are not compared token by token."""
_MOST = 64


def difference(styled: str, actual: str) -> list[Json] | None:
    """The patch that makes `actual` of `styled`; None if there is none, or none worth keeping."""
    if actual[-1:] == styled[-1:] and actual[-1:] in ("}", "]"):
        bare = actual[:-1].rstrip(" ")
        if len(bare) == len(styled) - 1 and styled.startswith(bare):
            return [[-1, actual[len(bare) : -1]]]
    if max(len(styled), len(actual)) > LONGEST:
        return None
    return _aligned(styled, actual)


def _aligned(styled: str, actual: str) -> list[Json] | None:
    patch: list[Json] = []
    for ours, theirs in zip_longest(_TOKEN.finditer(styled), _TOKEN.finditer(actual)):
        if ours is None or theirs is None or len(patch) > _MOST:
            return None
        patch += [
            _entry(ours.start(group), theirs[group], ours[group])
            for group in (1, 2)
            if ours[group] != theirs[group]
        ]
    return patch


def _entry(offset: int, inserted: str, dropped: str) -> Json:
    return [offset, inserted, dropped] if dropped else [offset, inserted]


def patched(styled: str, patch: Json, value: Json) -> str:
    """`styled` with the patch applied, or as it is where the patch does not fit `value` any more.

    ValueError if `patch` is not a patch at all.
    """
    entries = list(_entries(patch, len(styled)))
    if len(entries) == 1 and entries[0][0] == len(styled) - 1 and _padding(styled, entries[0]):
        return f"{styled[:-1]}{entries[0][1]}{styled[-1]}"
    pieces, done = [], 0
    for offset, inserted, dropped in entries:
        if offset < done or not styled.startswith(dropped, offset):
            return styled
        pieces += [styled[done:offset], inserted]
        done = offset + len(dropped)
    text = "".join([*pieces, styled[done:]])
    return text if _means(text, value) else styled


def _padding(styled: str, entry: tuple[int, str, str]) -> bool:
    return not entry[2] and styled[-1] in "]}" and _SPACES.fullmatch(entry[1]) is not None


def _entries(patch: Json, length: int) -> Iterator[tuple[int, str, str]]:
    if not isinstance(patch, list):
        raise ValueError("ws is not a list")
    for entry in patch:
        match entry:
            case [int(offset), str(inserted)]:
                yield offset if offset >= 0 else length + offset, inserted, ""
            case [int(offset), str(inserted), str(dropped)]:
                yield offset, inserted, dropped
            case _:
                raise ValueError(
                    'ws holds something else than [offset, "text"] or [offset, "text", "dropped"]'
                )


def _means(text: str, value: Json) -> bool:
    try:
        return repr(read(text)) == repr(value)  # repr: 1, 1.0 and true are equal, but not the same
    except ValueError:
        return False
