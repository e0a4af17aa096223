"""The database file of a `SqliteStore`: opened for one piece of work, closed after it, explained if it fails.

    cassette     name, rules, finished, format (the version of its blocks), unknown (fields of a later one)
    interaction  cassette, position, id, key, exact, at, block: one row for each, the block as in a JSON file
    journal      mark, name, rules, replaces: one opening that records, and is not committed yet
    recorded     mark, at, key, exact, block: what it recorded so far, each row committed at once

`user_version` is the version of these tables, `application_id` spells "tape". The file is in WAL mode: one
process writes while others read, and what was committed outlives a process that is killed.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from tokentape.cassettes.stores.files import check_writable
from tokentape.cassettes.stores.files import explained as files_explained
from tokentape.cassettes.stores.sqlitebasics import transaction, use_wal, why
from tokentape.errors import CassetteError, CassetteTooNew

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
APPLICATION = int.from_bytes(b"tape", "big")
PATIENCE = 30.0
"""Seconds to wait for another process that is writing. A save takes well under a second."""
LITTLE_PATIENCE = 5.0
"""The same, where the program that is recorded would have to wait."""

_TABLES = (
    """CREATE TABLE cassette (
        name TEXT PRIMARY KEY, rules TEXT NOT NULL, finished INTEGER NOT NULL,
        format INTEGER NOT NULL, unknown TEXT NOT NULL)""",
    """CREATE TABLE interaction (
        row INTEGER PRIMARY KEY AUTOINCREMENT, cassette TEXT NOT NULL, position INTEGER NOT NULL,
        id TEXT NOT NULL, key TEXT NOT NULL, exact TEXT, at TEXT NOT NULL, block BLOB NOT NULL)""",
    "CREATE INDEX interaction_order ON interaction (cassette, position)",
    """CREATE TABLE journal (
        mark TEXT PRIMARY KEY, name TEXT NOT NULL, rules TEXT NOT NULL, replaces INTEGER NOT NULL)""",
    """CREATE TABLE recorded (
        row INTEGER PRIMARY KEY AUTOINCREMENT, mark TEXT NOT NULL,
        at TEXT NOT NULL, key TEXT NOT NULL, exact TEXT, block BLOB NOT NULL)""",
    "CREATE INDEX recorded_by ON recorded (mark)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)

_OWN = {
    sqlite3.SQLITE_FULL: ("no space left on device", "free some space and run it again"),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "restore it, or delete it and record again"),
    sqlite3.SQLITE_TOOBIG: ("a recording is larger than SQLite can hold", "keep this cassette as a file"),
}
"""What is to be said of cassettes alone."""


@contextmanager
def explained(shown: str, problem: str) -> Iterator[None]:
    """Turn what SQLite or the file system says in the block into one line with the reason and the fix."""
    try:
        with files_explained(shown, problem):
            yield
    except sqlite3.Error as error:
        reason, fix = why(error, _OWN)
        raise CassetteError(shown, f"{problem}: {reason}", fix=fix) from error
    except UnicodeEncodeError as error:
        raise CassetteError(shown, f"{problem}: a name holds half a character (a lone surrogate)") from error


class SqliteFile:
    """The file at `path`; `shown` is how messages call it. Each use opens its own connection."""

    def __init__(self, path: str, shown: str) -> None:
        self.path, self.shown = path, shown

    @property
    def exists(self) -> bool:
        """True if there is a file: an empty one will do, SQLite makes a database of it."""
        return os.path.exists(self.path)

    def check_writable(self) -> None:
        """Raise `CassetteError` unless recordings can be kept here; makes no file."""
        with explained(self.shown, "cannot be written"):
            check_writable(self.path)
        if self.exists:
            with self.writing("cannot be written"):
                pass

    @contextmanager
    def reading(self, problem: str = "cannot be read") -> Iterator[sqlite3.Connection]:
        """A connection to a file that exists, in one consistent state for the whole block.

        Also where nothing can be written, so that SQLite cannot make its files beside it.
        """
        with explained(self.shown, problem):
            connection = self._connect()
            try:
                connection.execute("BEGIN")
                self._check(connection)
                yield connection
            finally:
                connection.close()

    @contextmanager
    def writing(self, problem: str) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that is committed at the end, all or nothing; makes the file."""
        with explained(self.shown, problem):
            connection = self.connect()
            try:
                with transaction(connection):
                    yield connection
            finally:
                connection.close()

    def connect(self, patience: float = PATIENCE) -> sqlite3.Connection:
        """A connection to write through, the tables made if need be. Raises what SQLite raises."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        connection = self._connect(patience)
        try:
            with transaction(connection, "BEGIN"):
                is_ready = self._check(connection)
            if not is_ready:
                use_wal(connection, PATIENCE)
                with transaction(connection):
                    self._make_tables(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, patience: float = PATIENCE) -> sqlite3.Connection:
        """Autocommit; usable by any one thread at a time."""
        uri = _uri(self.path) + ("" if self._is_writable() else self._read_only())
        return sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None, check_same_thread=False)

    def _is_writable(self) -> bool:
        folder = os.path.dirname(self.path)
        return not self.exists or (os.access(self.path, os.W_OK) and os.access(folder, os.W_OK))

    def _read_only(self) -> str:
        """How to read where nothing can be written: SQLite must not make the files of WAL mode.

        A process that died may have left them; they then hold what is not in the database yet.
        """
        return "?mode=ro" if os.path.exists(self.path + "-wal") else "?immutable=1"

    def _check(self, connection: sqlite3.Connection) -> bool:
        """True if it has our tables, False if it has none. Raises `CassetteError` for anything else."""
        [(application,)] = connection.execute("PRAGMA application_id")
        [(version,)] = connection.execute("PRAGMA user_version")
        if application == APPLICATION:
            return int(version) <= VERSION or self._refuse_later(version)
        [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
        if application or version or tables:
            raise CassetteError(
                self.shown, "it is the database of another program", fix="choose another file"
            )
        return False

    def _refuse_later(self, version: int) -> NoReturn:
        problem = f"version {version} of the database; this tokentape reads up to {VERSION}"
        raise CassetteTooNew(self.shown, problem, fix="use a newer tokentape")

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        if not self._check(connection):  # another process may have been faster
            for statement in _TABLES:
                connection.execute(statement)


def _uri(path: str) -> str:
    """The path as SQLite reads it in a URI, which is the only way to ask for `immutable`."""
    from urllib.parse import quote

    return "file:" + quote(os.fsencode(path.replace(os.sep, "/")))
