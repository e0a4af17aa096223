"""What each SQLite file of ours needs, whatever it holds: WAL, transactions, and why something failed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Why = tuple[str, str]

_WHY = {
    sqlite3.SQLITE_BUSY: ("another process has been writing to it for too long", "end that process"),
    sqlite3.SQLITE_LOCKED: ("another process has been writing to it for too long", "end that process"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make it writable, or choose another place"),
    sqlite3.SQLITE_PERM: ("permission denied", "make it writable, or choose another place"),
    sqlite3.SQLITE_FULL: ("no space left on device", "free some space"),
    sqlite3.SQLITE_NOTADB: ("it is not a SQLite database", "choose another file"),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "restore it, or delete it"),
}
"""By the primary result code: what is wrong, and what to do."""


def why(error: sqlite3.Error, own: Mapping[int, Why]) -> Why:
    """What is wrong, and what to do; `own` holds the words of this file, where it has some."""
    code = _code(error)
    unknown = (str(error), "make sure that it can be read and written")
    return own.get(code) or _WHY.get(code, unknown)


def use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Kept in the file from then on. SQLite does not wait here where two processes make one file at once."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Everything in the block or nothing, and nobody else writes meanwhile ("BEGIN": one state to read)."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back itself where a disk is full
            connection.execute("ROLLBACK")
        raise


def _code(error: sqlite3.Error) -> int:
    """The primary result code; 0 for what Python itself finds wrong."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
