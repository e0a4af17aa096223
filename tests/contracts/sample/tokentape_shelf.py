"""A store as a third party would write one: cassettes as rows of an SQLite file, on public parts only."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.stores.merge import Contents, Record
from tokentape.cassettes.stores.saving import Change, committed


class ShelfJournal:
    def __init__(self):
        self.records = []

    @property
    def count(self):
        return len(self.records)

    def append(self, interaction):
        self.records.append(Record.of(interaction))

    def discard(self):
        self.records.clear()


class ShelfStore:
    def __init__(self, path):
        self.path = path
        self.loaded = {}
        self._do("CREATE TABLE IF NOT EXISTS tape (name TEXT PRIMARY KEY, data BLOB)")

    def load(self, name):
        data = self._data(name)
        if data is None:
            return None
        cassette = Cassette(self.describe(name), data)
        self.loaded[name] = list(cassette.entries)
        return cassette

    def journal(self, name, *, rules="", replaces=False):
        return ShelfJournal()

    def commit(self, name, journal, *, finished, rules, drop=(), replace=False):
        own = Contents(list(journal.records) if journal else [])
        change = Change(finished, rules, drop, replace, self.loaded.get(name))
        data = committed(self._data(name), self.describe(name), own, (), change)
        if data is not None:
            self._do("INSERT OR REPLACE INTO tape VALUES (?, ?)", name, data)
        if journal:
            journal.discard()

    def names(self):
        return sorted(name for (name,) in self._do("SELECT name FROM tape"))

    def delete(self, name):
        self._do("DELETE FROM tape WHERE name = ?", name)

    def describe(self, name):
        return f"shelf:{self.path}#{name!r}"

    def _data(self, name):
        rows = self._do("SELECT data FROM tape WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _do(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as database, database:
            return database.execute(statement, values).fetchall()
