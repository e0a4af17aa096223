"""Events that were exported beside their spans, found by span: on disk, since a source may be of any size."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.traces.spans import Event

if TYPE_CHECKING:
    from collections.abc import Iterator


class Events:
    """Kept in the first reading of a source, asked for in the second."""

    def __init__(self, kept: sqlite3.Connection) -> None:
        self._kept = kept
        self._any = False

    def keep(self, event: Event) -> None:
        """One more."""
        if not self._any:
            self._any = True
            self._kept.execute("CREATE TABLE events (span TEXT, event TEXT)")
            self._kept.execute("CREATE INDEX by_span ON events (span)")
        told = json.dumps([event.name, event.at, event.about, event.body])
        self._kept.execute("INSERT INTO events VALUES (?, ?)", (_id(event.trace, event.span), told))

    def of(self, trace: str, span: str) -> tuple[Event, ...]:
        """Those of a span, in the order of the source."""
        if not self._any:
            return ()
        rows = self._kept.execute(
            "SELECT event FROM events WHERE span = ? ORDER BY rowid LIMIT 10000", (_id(trace, span),)
        )
        found = (json.loads(told) for (told,) in rows)
        return tuple(Event(name, at, about, body, trace, span) for name, at, about, body in found)


def _id(trace: str, span: str) -> str:
    return ascii(f"{trace} {span}")


@contextmanager
def events() -> Iterator[Events]:
    """A place for events; what is in it is gone afterwards. SQLite moves it to a file when it grows."""
    kept = sqlite3.connect("", isolation_level=None)
    try:
        yield Events(kept)
    finally:
        kept.close()
