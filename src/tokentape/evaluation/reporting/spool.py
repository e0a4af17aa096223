"""Rows kept on disk until all are there, so that they can be given worst first."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from tokentape.errors import UsageError
from tokentape.evaluation.reporting.plainjson import dumped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Shown = dict[str, Json]


class Spool:
    """A database without a name: a temporary file of SQLite's own, which no other program sees and which is
    gone when it is closed, also if the program is killed. Raises `UsageError` where there is no room for it.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;"
            "CREATE TABLE spooled (nth INTEGER PRIMARY KEY, badness REAL, place TEXT, json BLOB)"
        )

    def close(self) -> None:
        """Forget the rows."""
        self._connection.close()

    def add(self, badness: float, place: str, row: Shown) -> None:
        """One more; `place` sorts those of equal badness."""
        # Texts of prompts press to a third, at little cost.
        data = zlib.compress(dumped(row).encode(), 1)
        with _room():
            self._connection.execute(
                "INSERT INTO spooled (badness, place, json) VALUES (?, ?, ?)",
                (badness, place.encode("utf-8", "replace").decode(), data),
            )

    def __len__(self) -> int:
        [(count,)] = self._connection.execute("SELECT count(*) FROM spooled")
        return int(count)

    def worst_first(self, limit: int | None = None) -> Iterator[Shown]:
        """The rows by badness, the highest first."""
        # Only the order is sorted; the rows themselves are fetched one at a time.
        with _room():
            order = self._connection.execute(
                "SELECT nth FROM spooled ORDER BY badness DESC, place, nth LIMIT ?",
                (-1 if limit is None else limit,),
            )
            for (nth,) in order:
                [(data,)] = self._connection.execute("SELECT json FROM spooled WHERE nth = ?", (nth,))
                yield cast("Shown", json.loads(zlib.decompress(data)))


@contextmanager
def _room() -> Iterator[None]:
    """A full disk is told in a line, with what helps."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UsageError(
            f"the rows of the report do not fit into the temporary folder ({error}); "
            "set TMPDIR to a folder with more room"
        ) from error
