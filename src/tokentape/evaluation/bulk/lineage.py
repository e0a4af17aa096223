"""Which of the exported questions an answer is of. Digests of the questions are kept, in a database beside.

An answer notes the id of the question for which it was asked. Others that ask the same with the same
parameters, of whatever model, come to the same request of the target: it answers those, too.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tokentape.evaluation.corpus.row import same_of

if TYPE_CHECKING:
    from tokentape.evaluation.corpus.row import Row


class Questions:
    """Takes every exported question, and every row that an answer may name; then tells those of an answer."""

    def __init__(self) -> None:
        # No name: SQLite's own temporary file, which is written only where its cache is too small.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE exported (asks BLOB, handle TEXT);"
            "CREATE TABLE named (id TEXT, key TEXT, asks BLOB);"
            "CREATE INDEX by_asks ON exported (asks); CREATE INDEX by_id ON named (id);"
        )

    def close(self) -> None:
        """Forget them."""
        self._connection.close()

    def add(self, row: Row) -> None:
        """Take a question that is exported."""
        if (asks := _asks(row)) is not None:
            self._connection.execute("INSERT INTO exported VALUES (?, ?)", (asks, row.handle.hex()))

    def name(self, row: Row) -> None:
        """Take a row that may be named: another recording of the same call may stand for it by now."""
        if (asks := _asks(row)) is not None:
            self._connection.execute("INSERT INTO named VALUES (?, ?, ?)", (row.id, row.key, asks))

    def of(self, id: str, key: str) -> list[str]:
        """The handles of the questions that an answer is of, which names `id` and was asked under `key`: of
        several rows with that id it is the one of that key.
        """
        found = self._connection.execute("SELECT key, asks FROM named WHERE id = ?", (id,)).fetchall()
        named = next((asks for other, asks in found if other == key), found[0][1] if found else None)
        query = "SELECT handle FROM exported WHERE asks = ? ORDER BY rowid"
        return [handle for (handle,) in self._connection.execute(query, (named,))]


def _asks(row: Row) -> bytes | None:
    asked = row.conversation
    return None if asked is None else same_of(asked, row.key, None)
