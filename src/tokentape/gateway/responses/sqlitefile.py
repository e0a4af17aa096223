"""The database file of `SqliteStore`: made, checked, opened once, explained if it fails.

    response    one row for each: what was asked, what was said, who works on it
    event       response, number, data: the stream of a background response
    item        client, id, response: where an item that is named by its id is found
    worker      id, host, process, beat: who is alive
    total       how many there are, and how large: kept by triggers
    secret      the key with which compactions are sealed

`user_version` is the version of these tables. The file is in WAL mode: what was committed outlives a process
that is killed; only the crash of a whole machine may lose the last moment.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.stores.sqlitebasics import transaction, use_wal, why
from tokentape.gateway.folders import keep_out_of_git
from tokentape.gateway.responses.store import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
APPLICATION = int.from_bytes(b"resp", "big")
PATIENCE = 10.0
"""Seconds to wait for another worker that writes. A write takes about a millisecond."""

_TABLES = (
    """CREATE TABLE response (
        id TEXT NOT NULL UNIQUE, client TEXT NOT NULL, created REAL NOT NULL, status TEXT NOT NULL,
        input BLOB NOT NULL, body BLOB NOT NULL, previous TEXT, conversation TEXT, worker TEXT,
        background INTEGER NOT NULL, include TEXT NOT NULL, kept INTEGER NOT NULL,
        used REAL NOT NULL, size INTEGER NOT NULL)""",
    "CREATE INDEX response_used ON response (used)",
    "CREATE INDEX response_spoken ON response (client, conversation) WHERE conversation IS NOT NULL",
    "CREATE INDEX response_running ON response (status) WHERE status IN ('queued', 'in_progress')",
    """CREATE TABLE event (
        response TEXT NOT NULL REFERENCES response (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        data BLOB NOT NULL, PRIMARY KEY (response, number)) WITHOUT ROWID""",
    """CREATE TABLE item (
        client TEXT NOT NULL, id TEXT NOT NULL,
        response TEXT NOT NULL REFERENCES response (id) ON DELETE CASCADE,
        PRIMARY KEY (client, id)) WITHOUT ROWID""",
    "CREATE INDEX item_response ON item (response)",
    """CREATE TABLE worker (
        id TEXT PRIMARY KEY, host TEXT NOT NULL, process INTEGER NOT NULL, beat REAL NOT NULL)""",
    "CREATE TABLE total (responses INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    "INSERT INTO total VALUES (0, 0)",
    """CREATE TRIGGER response_more AFTER INSERT ON response BEGIN
        UPDATE total SET responses = responses + 1, bytes = bytes + NEW.size; END""",
    """CREATE TRIGGER response_less AFTER DELETE ON response BEGIN
        UPDATE total SET responses = responses - 1, bytes = bytes - OLD.size; END""",
    """CREATE TRIGGER response_grown AFTER UPDATE OF size ON response BEGIN
        UPDATE total SET bytes = bytes + NEW.size - OLD.size; END""",
    "CREATE TABLE secret (seal BLOB NOT NULL)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)

_OWN = {
    sqlite3.SQLITE_TOOBIG: ("a response is larger than SQLite can hold", "use the memory store"),
}
"""What is to be said of responses alone."""


class SqliteFile:
    """The file at `path`, as one connection."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._base: sqlite3.Connection | None = None

    def open(self) -> bytes:
        """Make the tables where there are none; the key for seals. Raises `StoreFailed`."""
        with self._explained("opened"):
            self._make()
            base = sqlite3.connect(
                self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._base = base
            use_wal(base, PATIENCE)
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute("PRAGMA foreign_keys = ON")
            with self.writing() as writing:
                self._check(writing)
                return bytes(writing.execute("SELECT seal FROM secret").fetchone()[0])

    def _make(self) -> None:
        """An empty file that nobody else may read: SQLite gives its own files beside it the same mode."""
        folder = os.path.dirname(self._path)
        if folder:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if os.path.basename(folder) == ".tokentape":  # our own: what was asked belongs in no repository
                keep_out_of_git(folder)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))

    def _check(self, base: sqlite3.Connection) -> None:
        version = int(base.execute("PRAGMA user_version").fetchone()[0])
        mark = int(base.execute("PRAGMA application_id").fetchone()[0])
        if version == 0 and mark == 0:
            if base.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None:
                raise self._foreign()
            for table in _TABLES:
                base.execute(table)
            base.execute("INSERT INTO secret VALUES (?)", (secrets.token_bytes(32),))
        elif mark != APPLICATION:
            raise self._foreign()
        elif version > VERSION:
            why = f"its tables have version {version}, and this tokentape knows {VERSION}"
            raise StoreFailed(self._said("opened", why, "upgrade tokentape, or choose another file"))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one look."""
        with self._explained("read"):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: committed at the end, all or nothing."""
        with self._explained("written"):
            base = self._connection
            with transaction(base):
                yield base

    def close(self) -> None:
        """Close the connection."""
        base, self._base = self._base, None
        if base is not None:
            base.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._base is None:
            raise StoreFailed(self._said("used", "it was closed", "start the gateway again"))
        return self._base

    @contextmanager
    def _explained(self, deed: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            reason, fix = why(error, _OWN)
            raise StoreFailed(self._said(deed, reason, fix)) from error
        except OSError as error:
            fix = "make it writable, or choose another place"
            raise StoreFailed(self._said(deed, error.strerror or str(error), fix)) from error

    def _foreign(self) -> StoreFailed:
        return StoreFailed(self._said("opened", "it is another program's database", "choose another file"))

    def _said(self, deed: str, reason: str, fix: str) -> str:
        return f"the store of responses ({self._path}) cannot be {deed}: {reason}; {fix}"
