"""What is wrong with a file that is no whole cassette: named, with the place and what to do about it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from tokentape.cassettes.format.fields import FIX
from tokentape.cassettes.format.upgrade import VERSION, upgraded
from tokentape.errors import CassetteCorrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.wire.interaction import Json

RESTORE = "restore it from version control, or delete it and record again"

_VERSION = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"tokentape"\s*:\s*(\d{1,9})\b')
_WHOLE = re.compile(rb'"count"\s*:\s*\d+\s*\}\s*\Z')
_CONFLICT = (b"<<<<<<< ", b">>>>>>> ")
_BLOCK = b'\n{"id": "'


def refuse_later_version(data: bytes, path: str) -> None:
    """Raise CassetteTooNew for a later version, whose text may be anything else."""
    found = _VERSION.match(data)
    if found and int(found[1]) > VERSION:
        upgraded({"tokentape": int(found[1])}, path)


def refuse_conflict(data: bytes, path: str, line: int = 1) -> None:
    """Raise CassetteCorrupt if a merge left its markers: no line of a JSON text starts like them.

    `line` is the number of the first line of `data`.
    """
    found = [at + 1 for mark in _CONFLICT if (at := data.find(b"\n" + mark)) >= 0]
    at = 0 if data.startswith(_CONFLICT) else min(found, default=-1)
    if at >= 0:
        fix = "settle the conflict: keep whole interactions of either side, and set count"
        raise CassetteCorrupt(path, "conflict markers of a merge", place=_line_of(data, at, line), fix=fix)


def refuse_doubles(data: bytes, path: str, id: str, starts: Sequence[int]) -> NoReturn:
    """Raise CassetteCorrupt for several interactions with one id. `data` is empty if lines are unknown."""
    lines = ", ".join(_line_of(data, start) for start in starts) if data else ""
    raise CassetteCorrupt(
        path, f"{len(starts)} interactions have the id {id!r}", place=lines, fix="give each an id of its own"
    )


def refuse_count(data: bytes, path: str, count: Json, actual: int) -> None:
    """Raise CassetteCorrupt if the file, though whole, says another number of interactions than it has."""
    if count is None or (type(count) is int and count == actual):
        return
    fix = f"set it to {actual} if interactions were added or removed on purpose, else {RESTORE}"
    place = _line_of(data, max(data.rfind(b'"count"'), 0))
    raise CassetteCorrupt(path, f"count says {json.dumps(count)}, there are {actual}", place=place, fix=fix)


def refuse_broken(data: bytes, path: str, error: ValueError | RecursionError) -> NoReturn:
    """Raise CassetteCorrupt for what is no JSON: empty, cut short, or broken at some place."""
    if not data.strip():
        raise CassetteCorrupt(path, "the file is empty", fix=RESTORE) from None
    place = _place(data, error)
    if data.startswith(b'{"tokentape": ') and not _WHOLE.search(data[-200:]) and _is_at_end(data, error):
        number = data.count(_BLOCK)
        raise CassetteCorrupt(path, f"cut short in interaction {number}", place=place, fix=RESTORE) from None
    raise CassetteCorrupt(path, f"not JSON: {_problem(error)}", place=place, fix=FIX) from None


def _place(data: bytes, error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return _line_of(data, error.start) if isinstance(error, UnicodeDecodeError) else ""


def _problem(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return "the text is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _is_at_end(data: bytes, error: ValueError | RecursionError) -> bool:
    """True if the text is right up to its last line: a writer or a copy stopped there."""
    if isinstance(error, json.JSONDecodeError):
        return error.lineno > data.rstrip().count(b"\n")
    return isinstance(error, UnicodeDecodeError) and error.end == len(data)


def _line_of(data: bytes, position: int, first: int = 1) -> str:
    return "line " + str(data.count(b"\n", 0, position) + first)
