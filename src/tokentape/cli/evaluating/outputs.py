"""The files that a report goes to. They are looked at before anything is asked: a report that cannot be
written has been paid for all the same.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TextIO

STDOUT = "-"
_KEPT = {b"SQLite format 3\0": "a database", b'{"tokentape": ': "a cassette"}
"""Files by how they begin, that a slip of the hand shall not write a report over."""


def check(outputs: Mapping[str, str | None]) -> None:
    """Raises `UsageError` for a place where no report can be written. `outputs` are the places by option;
    None: that form is not wanted.
    """
    wanted = {option: path for option, path in outputs.items() if path is not None}
    ends = Counter(path if path == STDOUT else os.path.realpath(path) for path in wanted.values())
    for option, path in wanted.items():
        end = path if path == STDOUT else os.path.realpath(path)
        if ends[end] > 1:
            raise UsageError(f"{option} {path}: another form goes there, too; each needs a place of its own")
        if path != STDOUT:
            _try(option, path)


def _try(option: str, path: str) -> None:
    """Make a file beside it, and take it away again."""
    try:
        if not _is_stream(path):
            if (found := _kept(path)) is not None:
                raise UsageError(f"{option} {path}: {found} is there, and a report does not replace one")
            with _part(path) as (_, part):
                open(part, "w").close()
    except OSError as error:
        raise _unwritable(f"{option} {path}", error) from error


@contextmanager
def written(path: str) -> Iterator[TextIO]:
    """The file to write into; all of it is there at the end, or nothing. Raises `UsageError` where it cannot
    be written.
    """
    try:
        if _is_stream(path):
            with open(path, "w", encoding="utf-8", newline="") as file:
                yield file
            return
        with _part(path) as (end, part):
            with open(part, "w", encoding="utf-8", newline="") as file:
                yield file
            os.replace(part, end)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(place: str, error: OSError) -> UsageError:
    return UsageError(f"{place}: the report cannot be written there ({error.strerror or error})")


@contextmanager
def _part(path: str) -> Iterator[tuple[str, str]]:
    """The end of all links, and the name of a file beside it, which is gone at the end."""
    end = os.path.realpath(path)
    if os.path.isdir(end):
        raise IsADirectoryError(0, "it is a folder")
    folder, name = os.path.split(end)
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        yield end, part
    finally:
        with suppress(OSError):
            os.unlink(part)


def _is_stream(path: str) -> bool:
    """True for what is written into, and not replaced: a device, a pipe."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _kept(path: str) -> str | None:
    """What is there already and must stay; None: nothing."""
    try:
        with open(path, "rb") as file:
            start = file.read(max(map(len, _KEPT)))
    except (FileNotFoundError, IsADirectoryError):
        return None
    return next((what for sign, what in _KEPT.items() if start.startswith(sign)), None)
