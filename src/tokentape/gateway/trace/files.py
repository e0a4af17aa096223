"""Traces on disk: one file each, in a folder for each day, with an index, bounded by size and age.

    traces/2026-11-21/093000123-ID.c0ffee.json     0600, whole or not there
    traces/2026-11-21/index.jsonl                  a line for each, for lists

Several processes write into one folder: each has an ending of its own, and lines of the index are appended
in one write. Only `tidy` removes anything.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.gateway.folders import day_of, make_folder
from tokentape.gateway.trace.names import DAY, ENDING, INDEX, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPORARY = ".tmp"
_LISTED_AT_ONCE = 64
_NAMES = 1_024
"""Names that a process remembers: one id may come twice within a millisecond, but not much later."""
_ABANDONED = 3_600.0
"""Seconds after which a temporary file is what somebody left who died."""


class Files:
    """The folder of traces. Methods raise `OSError`."""

    def __init__(self, directory: str, max_bytes: int, max_age: float) -> None:
        self.directory = directory
        self._max_bytes, self._max_age = max_bytes, max_age
        self._written: int | None = None
        """Bytes on disk as far as this process knows; None before it has looked."""
        self._mine = os.urandom(3).hex()
        self._folder = ""
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lines: dict[str, list[bytes]] = {}
        self._listed = 0

    def write(self, id: str, at: float, document: bytes, line: bytes) -> str:
        """Keep a trace; the path. It is listed with others after it, at the latest by `flush`."""
        folder = os.path.join(self.directory, day_of(at))
        if folder != self._folder:
            self._make(folder)
            self._folder = folder
        path = os.path.join(folder, self._name(id, at) + ENDING)
        try:
            _put(folder, path, document)
        except FileNotFoundError:  # somebody removed the folder
            self._make(folder)
            _put(folder, path, document)
        self._lines.setdefault(folder, []).append(line.replace(b"\n", b" ") + b"\n")
        self._listed += 1
        if self._written is not None:
            self._written += len(document) + len(line) + 1
        if self._listed >= _LISTED_AT_ONCE:
            self.flush()
        return path

    def _name(self, id: str, at: float) -> str:
        """A name that nobody else takes: it ends with what tells processes apart, and a number if need be."""
        plain = f"{name_of(id, at)}.{self._mine}"
        name, number = plain, 1
        while name in self._names:
            number += 1
            name = f"{plain}{number:x}"
        self._names[name] = None
        if len(self._names) > _NAMES:
            self._names.popitem(last=False)
        return name

    def flush(self) -> None:
        """List what was written."""
        lines, self._lines, self._listed = self._lines, {}, 0
        for folder, found in lines.items():
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = os.open(os.path.join(folder, INDEX), flags, 0o600)
            try:
                os.write(descriptor, b"".join(found))
            finally:
                os.close(descriptor)

    def _make(self, folder: str) -> None:
        """The folders, for their owner alone."""
        if not os.path.isdir(folder):
            make_folder(self.directory)
            os.makedirs(folder, 0o700, exist_ok=True)

    def is_over(self) -> bool:
        """True if something has to go, as far as this process knows."""
        return self._written is None or self._written > self._max_bytes

    def tidy(self, now: float) -> None:
        """Remove what is older than `max_age`, and then the oldest until a tenth of `max_bytes` is free."""
        found = sorted(_everything(self.directory))
        total = sum(size for _, _, size in found)
        allowed = self._max_bytes if total <= self._max_bytes else self._max_bytes * 9 // 10
        for changed, path, size in found:
            is_old = now - changed > (_ABANDONED if path.endswith(_TEMPORARY) else self._max_age)
            if not is_old and (total <= allowed or not path.endswith(ENDING)):
                continue
            with suppress(FileNotFoundError):
                os.unlink(path)
            total -= size
        self._written = total
        self._drop_empty_days()

    def _drop_empty_days(self) -> None:
        """A day of which only the index is left goes as a whole; somebody may be writing into the last."""
        for day in days(self.directory)[:-1]:
            folder = os.path.join(self.directory, day)
            if all(name == INDEX for name in os.listdir(folder)):
                with suppress(OSError):
                    if os.path.exists(os.path.join(folder, INDEX)):
                        os.unlink(os.path.join(folder, INDEX))
                    os.rmdir(folder)


def days(directory: str) -> list[str]:
    """The names of the folders of days, oldest first; none where there is no such directory."""
    try:
        return sorted(entry.name for entry in os.scandir(directory) if _is_day(entry))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_day(entry: os.DirEntry[str]) -> bool:
    return DAY.fullmatch(entry.name) is not None and entry.is_dir(follow_symlinks=False)


def _everything(directory: str) -> Iterator[tuple[float, str, int]]:
    """Time, path and size of every file of ours."""
    for day in days(directory):
        with os.scandir(os.path.join(directory, day)) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    told = entry.stat(follow_symlinks=False)
                    yield told.st_mtime, entry.path, told.st_size


def _put(folder: str, path: str, document: bytes) -> None:
    """The file, whole or not at all. Each call of the system lets other threads run, and they may run for
    long: there are as few as can be.
    """
    temporary = os.path.join(folder, f".{os.path.basename(path)}{_TEMPORARY}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        left = document
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
