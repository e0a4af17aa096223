"""Cassettes in one SQLite file, for many processes and threads at once: `sqlite:tapes.db#summary`.

The text of each interaction is that of a JSON cassette (`format.layout.render`), so a cassette moves between
the stores without a changed byte. Read in this order: `sqlitefile` (tables, connections, errors),
`sqlitejournal` (recording), `sqlitecassette` (reading), and here what the store does with them.
"""

from __future__ import annotations

import os
import warnings
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.format.index import Entry
from tokentape.cassettes.format.upgrade import VERSION, upgraded
from tokentape.cassettes.stores.files import remove
from tokentape.cassettes.stores.merge import Contents
from tokentape.cassettes.stores.orphans import Orphan, said
from tokentape.cassettes.stores.saving import Change
from tokentape.cassettes.stores.sqlitecassette import Head, SqliteCassette
from tokentape.cassettes.stores.sqlitefile import SqliteFile
from tokentape.cassettes.stores.sqlitejournal import SqliteJournal, dead, forget, mark_path, read
from tokentape.cassettes.stores.sqlitemerge import annotate, merge
from tokentape.errors import CassetteError, TokentapeWarning, UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from os import PathLike

    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.base import Journal
    from tokentape.cassettes.stores.merge import Which

_AT_ONCE = 64
"""Interactions to fetch with one connection."""


class SqliteStore:
    """A store in the SQLite file at `path`, which need not exist yet."""

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = os.fspath(path)
        if not self.path or os.path.isdir(self.path):
            place = self.path or "(empty path)"
            raise UsageError(f"sqlite:{place}: name a file: 'sqlite:tapes.db#NAME'")
        # Absolute: the program may change its directory while it records.
        self._file = SqliteFile(os.path.abspath(self.path), self.path)
        self._loaded: dict[str, Sequence[Entry]] = {}

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"

    def load(self, name: str) -> SqliteCassette | None:
        """The cassette, with what dead processes left behind; None if there is neither."""
        if not self._file.exists:
            return None
        self._take_in(name)
        with self._file.reading() as connection:
            cassette = self._read(connection, name)
        if cassette is not None:
            self._loaded[name] = cassette.entries
        return cassette

    def blocks(self, name: str) -> Iterator[tuple[Entry, bytes]]:
        """Each interaction as text, some at a time; see `OneByOne.blocks`."""
        if not self._file.exists:
            return
        self._take_in(name)
        with self._file.reading() as connection:
            rows = _rows(connection, name, self.describe(name))
        for start in range(0, len(rows), _AT_ONCE):
            with self._file.reading() as connection:
                found = [_block(connection, row) for row in rows[start : start + _AT_ONCE]]
            yield from (each for each in found if each is not None)

    def annotate(self, name: str, notes: Mapping[Which, Note]) -> int:
        """Write notes in one transaction; see `OneByOne.annotate`."""
        if not self._file.exists:
            return 0
        with self._file.writing("the cassette could not be annotated") as connection:
            return annotate(connection, name, self.describe(name), notes)

    def journal(self, name: str, *, rules: str = "", replaces: bool = False) -> SqliteJournal:
        """A journal in the same file. Raises `CassetteError` at once if nothing can be written there."""
        self._file.check_writable()
        return SqliteJournal(self._file, name, rules=rules, replaces=replaces)

    def commit(
        self,
        name: str,
        journal: Journal | None,
        *,
        finished: bool,
        rules: str,
        drop: Collection[str] = (),
        replace: bool = False,
    ) -> None:
        """Merge the journal in one transaction, in which it also goes; see `Store.commit`."""
        if journal is not None and not isinstance(journal, SqliteJournal):
            raise UsageError(f"{self!r} cannot save a {type(journal).__name__}: pass what its journal() gave")
        change = Change(finished, rules, drop, replace, self._loaded.get(name))
        with _settled(journal), self._saving(name) as (connection, orphans):
            own = self._own(connection, journal)
            existed = merge(connection, name, own, [orphan.contents for orphan in orphans], change)
            left = said(orphans, replaced=replace or not existed)
            if journal is not None and journal.mark is not None:
                forget(connection, journal.mark)
        self._warn(name, left)

    def names(self) -> list[str]:
        """Every cassette's name, sorted; those too that only a dead process's journal holds."""
        if not self._file.exists:
            return []
        with self._file.reading() as connection:
            if not _has_tables(connection):
                return []
            names = {name for (name,) in connection.execute("SELECT name FROM cassette")}
            return sorted(names | set(dead(connection, self._file).values()))

    def delete(self, name: str) -> None:
        """Remove the cassette and what dead processes left of it."""
        if self._file.exists:
            with self._saving(name) as (connection, _):
                connection.execute("DELETE FROM interaction WHERE cassette = ?", (name,))
                connection.execute("DELETE FROM cassette WHERE name = ?", (name,))

    def describe(self, name: str) -> str:
        """The address of the cassette, in one line."""
        return f"sqlite:{self.path}#{name if name.isprintable() else repr(name)}"

    def _read(self, connection: sqlite3.Connection, name: str) -> SqliteCassette | None:
        if not _has_tables(connection):
            return None
        found = connection.execute("SELECT rules, finished, format FROM cassette WHERE name = ?", (name,))
        row = found.fetchone()
        if row is None:
            return None
        if row[2] != VERSION:
            upgraded({"tokentape": row[2]}, self.describe(name))
        entries = connection.execute(
            "SELECT row, id, key, exact, at, length(block) FROM interaction "
            "WHERE cassette = ? ORDER BY position",
            (name,),
        )
        rows = [(row, Entry(id, key, exact, at, 0, size)) for row, id, key, exact, at, size in entries]
        return SqliteCassette(self.describe(name), self._file, Head(row[0], bool(row[1])), rows)

    def _own(self, connection: sqlite3.Connection, journal: SqliteJournal | None) -> Contents:
        if journal is None or journal.mark is None:
            return Contents([])
        own = read(connection, journal.mark)
        if len(own.records) != journal.count:
            problem = f"{journal.count - len(own.records)} recorded calls are gone"
            fix = "make sure that the file is not removed or replaced while recording"
            raise CassetteError(self.path, problem, fix=fix)
        return own

    @contextmanager
    def _saving(self, name: str) -> Iterator[tuple[sqlite3.Connection, list[Orphan]]]:
        """A transaction, and the journals of dead processes, which are gone after it."""
        marks: list[str] = []
        with self._file.writing("the cassette could not be saved") as connection:
            marks += dead(connection, self._file, name)
            yield connection, [_orphan(connection, mark) for mark in marks]
            for mark in marks:
                forget(connection, mark)
        for mark in marks:
            remove(mark_path(self._file, mark))

    def _take_in(self, name: str) -> None:
        """Adopt what dead processes left, if they did."""
        with self._file.reading() as connection:
            left = _has_tables(connection) and dead(connection, self._file, name)
        if left:
            self._adopt(name)

    def _adopt(self, name: str) -> None:
        """Take in what dead processes recorded. Where nothing can be written, it waits, and this is said."""
        try:
            with self._saving(name) as (connection, orphans):
                existed = merge(connection, name, None, [orphan.contents for orphan in orphans], None)
                left = said(orphans, replaced=not existed)
        except CassetteError as error:
            if error.__cause__ is None:
                raise
            left = [f"what a process recorded before it died cannot be taken in: {error}"]
        self._warn(name, left)

    def _warn(self, name: str, troubles: list[str]) -> None:
        """After the fact and outside the transaction, which is right also where warnings are errors."""
        for trouble in troubles:
            warnings.warn(f"{self.describe(name)}: {trouble}", TokentapeWarning, stacklevel=4)


@contextmanager
def _settled(journal: SqliteJournal | None) -> Iterator[None]:
    """Whether the block saved the journal or failed, it is over: what it still holds can be adopted."""
    if journal is None:
        yield
        return
    with journal.lock:
        try:
            yield
        finally:
            journal.release()


def _rows(connection: sqlite3.Connection, name: str, shown: str) -> array[int]:
    """The rows of a cassette, in order: eight bytes each."""
    if not _has_tables(connection):
        return array("q")
    for (version,) in connection.execute("SELECT format FROM cassette WHERE name = ?", (name,)):
        if version != VERSION:
            upgraded({"tokentape": version}, shown)
    found = connection.execute("SELECT row FROM interaction WHERE cassette = ? ORDER BY position", (name,))
    return array("q", (row for (row,) in found))


def _block(connection: sqlite3.Connection, row: int) -> tuple[Entry, bytes] | None:
    """The interaction of a row; None if it is gone."""
    found = connection.execute(
        "SELECT id, key, exact, at, CAST(block AS BLOB) FROM interaction WHERE row = ?", (row,)
    ).fetchone()
    if found is None:
        return None
    id, key, exact, at, block = found
    return Entry(id, key, exact, at, 0, len(block)), block


def _orphan(connection: sqlite3.Connection, mark: str) -> Orphan:
    orphan = Orphan(mark, -1)
    orphan.contents = read(connection, mark)
    return orphan


def _has_tables(connection: sqlite3.Connection) -> bool:
    """False for an empty file."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'cassette'").fetchone() is not None
