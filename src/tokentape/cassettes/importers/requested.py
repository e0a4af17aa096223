"""The requests of a batch by `custom_id`: on disk, since a batch may be of any size."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut, Notes
from tokentape.cassettes.importers.records import records
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json


class Requested:
    """Each request is taken once."""

    def __init__(self, kept: sqlite3.Connection) -> None:
        self._kept = kept
        self._kept.execute("CREATE TABLE requests (name TEXT PRIMARY KEY, sent TEXT, done INTEGER)")

    def keep(self, name: str, sent: dict[str, Json]) -> bool:
        """One more; False for a name that was there before."""
        told = (ascii(name), json.dumps(sent))
        return self._kept.execute("INSERT OR IGNORE INTO requests VALUES (?, ?, 0)", told).rowcount == 1

    def take(self, name: str) -> dict[str, Json]:
        """The request of that name. Raises `LeftOut`."""
        row = self._kept.execute("SELECT sent, done FROM requests WHERE name = ?", (ascii(name),)).fetchone()
        if row is None:
            raise LeftOut("its request is not in the file of requests")
        if row[1]:
            raise LeftOut("its request has a result already")
        self._kept.execute("UPDATE requests SET done = 1 WHERE name = ?", (ascii(name),))
        return fields(json.loads(row[0]))

    @property
    def left(self) -> int:
        """How many were not taken."""
        found = self._kept.execute("SELECT count(*) FROM requests WHERE done = 0").fetchone()[0]
        return int(found)


@contextmanager
def requested(path: str, notes: Notes) -> Iterator[Requested]:
    """The requests of the file. SQLite moves them to a file of its own when they grow."""
    kept = sqlite3.connect("", isolation_level=None)
    try:
        sent = Requested(kept)
        own = Notes()
        for value in records(path, own):
            told = fields(value.json)
            if not ("body" in told or "params" in told):
                notes.leave("a line of the requests is no request")
            elif not sent.keep(text(told.get("custom_id")), told):
                notes.leave("its custom_id was there before")
        for spot in own.broken:
            notes.break_at(spot.line, f"(of {path}) {spot.problem}")
        yield sent
    finally:
        kept.close()
