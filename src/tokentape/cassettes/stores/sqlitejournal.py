"""The journal of one opening in a `SqliteStore`: a row for each call, committed at once.

Whose journal it is stands in its mark: a locked file beside the database, `tapes.db.<pid>-<random>.open`.
The lock ends with its process, however that dies; a journal whose mark is gone, or can be locked, is that of
a dead one.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import pieces
from tokentape.cassettes.stores.files import remove
from tokentape.cassettes.stores.lock import is_at, take
from tokentape.cassettes.stores.merge import Contents, Record
from tokentape.cassettes.stores.sqlitebasics import transaction
from tokentape.cassettes.stores.sqlitefile import LITTLE_PATIENCE, explained

if TYPE_CHECKING:
    import sqlite3

    from tokentape.cassettes.stores.sqlitefile import SqliteFile
    from tokentape.wire.interaction import Interaction

_OPEN: weakref.WeakSet[SqliteJournal] = weakref.WeakSet()
_INHERITED: list[sqlite3.Connection | None] = []
"""Connections of a forked child's parent: SQLite forbids to use them here, and to close them."""


class SqliteJournal:
    """Appends to the database; nothing is there before the first append.

    A commit holds `lock` from reading to discarding, so that a call which ends meanwhile is not lost.
    """

    def __init__(self, file: SqliteFile, name: str, *, rules: str = "", replaces: bool = False) -> None:
        self._connection: sqlite3.Connection | None = None
        self._descriptor = -1
        self.mark: str | None = None
        self.count = 0
        self.lock = threading.RLock()
        self._file, self._head = file, (name, rules, replaces)
        _OPEN.add(self)

    def append(self, interaction: Interaction) -> None:
        """Keep one interaction. Raises `CassetteError`; what was appended before is not harmed."""
        timing = interaction.timing.at
        row = (timing, interaction.key, interaction.exact, b"".join(pieces(interaction)))
        with self.lock, explained(self._file.shown, "the recorded call could not be written"):
            if self._connection is None:
                self._begin(row)
            else:
                _insert(self._connection, self.mark, row)
            self.count += 1

    def discard(self) -> None:
        """Forget what was appended."""
        with self.lock, explained(self._file.shown, "cannot be removed"):
            if self._connection is not None:
                with transaction(self._connection):
                    forget(self._connection, self.mark or "")
            self.release()

    def release(self) -> None:
        """Stop recording and let the next opening adopt what is there."""
        with self.lock:
            connection, mark = self._connection, self.mark
            self._connection, self.mark, self.count = None, None, 0
            if connection is not None:
                connection.close()
            self._let_go()
            if mark is not None:
                remove(mark_path(self._file, mark))

    def after_fork(self) -> None:
        """In a forked child: rows, connection and mark are the parent's; a new journal starts here."""
        self.lock = threading.RLock()
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._connection, self.mark, self.count = None, None, 0
        self._let_go()

    def _begin(self, row: tuple[str, str, str | None, bytes]) -> None:
        """The first append: it makes the mark, the head and the row."""
        connection = self._file.connect(LITTLE_PATIENCE)
        try:
            self._make_mark()
            with transaction(connection):
                connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?)", (self.mark, *self._head))
                _insert(connection, self.mark, row)
        except BaseException:
            connection.close()
            self.release()
            raise
        self._connection = connection

    def _make_mark(self) -> None:
        while True:
            mark = f"{os.getpid()}-{os.urandom(4).hex()}"
            path = mark_path(self._file, mark)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            self.mark = mark
            # Between creation and lock another process may take the mark for a dead one's and remove it.
            if take(self._descriptor) and is_at(self._descriptor, path):
                return
            self._let_go()

    def _let_go(self) -> None:
        """Close the mark; in a forked child that leaves the parent's lock alone."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self._let_go()
        if self._connection is not None:
            self._connection.close()


class Journaled(Record):
    """A record that is a row of a journal: its block stays there until it is written."""

    row: int

    def block_in(self, connection: sqlite3.Connection) -> bytes:
        """The block, in the transaction in which it was found."""
        [(block,)] = connection.execute("SELECT CAST(block AS BLOB) FROM recorded WHERE row = ?", (self.row,))
        found: bytes = block
        return found


def read(connection: sqlite3.Connection, mark: str) -> Contents:
    """What the journal with this mark holds. A run of days may have left more than memory holds."""
    head = connection.execute("SELECT rules, replaces FROM journal WHERE mark = ?", (mark,)).fetchone()
    rows = connection.execute("SELECT row, at, key, exact FROM recorded WHERE mark = ? ORDER BY row", (mark,))
    records = []
    for row, at, key, exact in rows:
        record = Journaled(at, key, exact, ())
        record.row = row
        records.append(record)
    return Contents(records, *(str(head[0]), bool(head[1])) if head else ())


def forget(connection: sqlite3.Connection, mark: str) -> None:
    """Remove the journal with this mark, in the transaction that is open."""
    connection.execute("DELETE FROM recorded WHERE mark = ?", (mark,))
    connection.execute("DELETE FROM journal WHERE mark = ?", (mark,))


def dead(connection: sqlite3.Connection, file: SqliteFile, name: str | None = None) -> dict[str, str]:
    """The marks of journals whose process is gone, each with the cassette's name; of all, or of `name`."""
    rows = connection.execute("SELECT mark, name FROM journal ORDER BY mark").fetchall()
    alive = {journal.mark for journal in list(_OPEN)}
    return {
        mark: owner
        for mark, owner in rows
        if name in (None, owner) and mark not in alive and _is_free(mark_path(file, mark))
    }


def mark_path(file: SqliteFile, mark: str) -> str:
    """The locked file that says whose journal this is."""
    return f"{file.path}.{mark}.open"


def _is_free(path: str) -> bool:
    """True if nobody holds the mark. A revival cannot happen: its process never locks the same mark twice."""
    try:
        descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        return take(descriptor)
    finally:
        os.close(descriptor)


def _insert(
    connection: sqlite3.Connection, mark: str | None, row: tuple[str, str, str | None, bytes]
) -> None:
    connection.execute(
        "INSERT INTO recorded (mark, at, key, exact, block) VALUES (?, ?, ?, ?, ?)", (mark, *row)
    )


def _after_fork() -> None:
    for journal in list(_OPEN):
        journal.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
