"""Lines of the ledger in files: one file for each process and day, whole lines in one write."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.gateway.folders import day_of, make_folder
from tokentape.protocols.fastjson import json_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.wire.interaction import Json

_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.[0-9a-f-]+\.jsonl")
_DAY = 86_400.0


class Rows:
    """The file of this process. `append` raises `OSError`."""

    def __init__(self, directory: str, max_bytes: int, max_age: float) -> None:
        self.directory = directory
        self._max_bytes, self._max_age = max_bytes, max_age
        self._open: tuple[str, int, int] | None = None
        """The day, the descriptor, and the process that opened it."""
        self._tidied = ""

    def append(self, rows: Sequence[tuple[float, bytes]], now: float) -> None:
        """All of `rows` (time and line), or an error, after which they may be appended again."""
        day = day_of(now)
        data = b"".join(line.replace(b"\n", b" ") + b"\n" for _, line in rows)
        descriptor = self._descriptor(day)
        before = os.fstat(descriptor).st_size
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            os.ftruncate(
                descriptor, before
            )  # the file is this process's own: no half line stays, none is twice
            raise
        if self._tidied != day:
            self._tidied = day
            tidy(self.directory, self._max_bytes, self._max_age, now)

    def _descriptor(self, day: str) -> int:
        if self._open is not None and (self._open[0], self._open[2]) == (day, os.getpid()):
            return self._open[1]
        self.close()
        make_folder(self.directory)
        name = f"{day}.{os.getpid()}-{os.urandom(6).hex()}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = os.open(os.path.join(self.directory, name), flags, 0o600)
        self._open = (day, descriptor, os.getpid())
        return descriptor

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None


def files(directory: str) -> list[tuple[str, str]]:
    """Day and path of all files, oldest first."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    found = ((match[1], os.path.join(directory, name)) for name in names if (match := _NAME.fullmatch(name)))
    return sorted(found)


def lines(directory: str, start: float | None, end: float | None) -> Iterator[dict[str, Json]]:
    """All lines from `start` up to `end` (excluded). What a crash tore is passed over.

    A line stands in the file of the day on which it was written, which may be later than it is about.
    """
    first = "" if start is None else day_of(max(0.0, start - _DAY))  # clocks differ
    for day, path in files(directory):
        if day < first:
            continue
        with suppress(FileNotFoundError), open(path, "rb") as file:
            for line in file:
                row = json_in(line)
                if not isinstance(row, dict) or not isinstance(at := row.get("at"), int | float):
                    continue
                if (start is None or at >= start) and (end is None or at < end):
                    yield row


def tidy(directory: str, max_bytes: int, max_age: float, now: float) -> None:
    """Remove the files of days that are too old, then the oldest while all take too much; today's stay."""
    found = [(day, path, _size(path)) for day, path in files(directory)]
    total = sum(size for _, _, size in found)
    oldest, today = day_of(max(0.0, now - max_age)), day_of(now)
    for day, path, size in found:
        if day < today and (day < oldest or total > max_bytes):
            with suppress(FileNotFoundError):
                os.unlink(path)
            total -= size


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
