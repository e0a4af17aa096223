"""Responses in a SQLite file, which several workers share and which outlives them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import ids_of
from tokentape.gateway.responses.liveness import FORGOTTEN, HERE, is_dead, process_id
from tokentape.gateway.responses.sqlitefile import SqliteFile
from tokentape.gateway.responses.stored import Stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.responses.store import Told

_COLUMNS = (
    "id, client, created, status, input, body, previous, conversation, worker, background, include, kept"
)
_RUNS = "status IN ('queued', 'in_progress')"
_BATCH = 64
"""So many are looked at, at a time, when room is made."""


class SqliteStore:
    """One connection, used by one thread at a time."""

    is_shared = True

    def __init__(self, path: str, options: StateOptions, clock: Callable[[], float]) -> None:
        self._file = SqliteFile(path)
        self._options, self._clock = options, clock
        self.seal = self._file.open()

    def put(self, record: Stored, uses: Sequence[str] = (), events: Sequence[Told] = ()) -> None:
        """Keep a new response."""
        now = self._clock()
        with self._file.writing() as base:
            base.executemany("UPDATE response SET used = ? WHERE id = ?", ((now, name) for name in uses))
            base.execute(
                f"INSERT INTO response ({_COLUMNS}, used, size) VALUES ({'?, ' * 13}?)",
                (*_row(record), now, record.size),
            )
            if record.worker is not None:
                _beat(base, record.worker, now)
            _keep_events(base, record.id, events)
            if not record.is_running:
                _keep_items(base, record.client, record.id, ids_of(record.output))
            self._evict(base, record.id, now)

    def get(self, client: str, identity: str) -> Stored | None:
        """The response, if it is this client's."""
        with self._file.reading() as base:
            row = base.execute(
                f"SELECT {_COLUMNS} FROM response WHERE id = ? AND client = ? AND ({_RUNS} OR used >= ?)",
                (identity, client, self._clock() - self._options.ttl),
            ).fetchone()
        return None if row is None else _record(row)

    def change(
        self, identity: str, status: str, body: bytes, items: Sequence[str] = (), events: Sequence[Told] = ()
    ) -> bool:
        """What a running response is by now."""
        with self._file.writing() as base:
            row = base.execute(
                f"SELECT client, length(input) FROM response WHERE id = ? AND {_RUNS}", (identity,)
            ).fetchone()
            if row is None:
                return False
            base.execute(
                "UPDATE response SET status = ?, size = size + ? - length(body), body = ? WHERE id = ?",
                (status, len(body), body, identity),
            )
            _keep_events(base, identity, events)
            _keep_items(base, row[0], identity, items)
            self._evict(base, identity, self._clock())
        return True

    def tell(self, identity: str, events: Sequence[Told]) -> bool:
        """More events of a running response."""
        with self._file.writing() as base:
            if (
                base.execute(f"SELECT 1 FROM response WHERE id = ? AND {_RUNS}", (identity,)).fetchone()
                is None
            ):
                return False
            _keep_events(base, identity, events)
        return True

    def told(self, identity: str, after: int) -> list[Told]:
        """The events after a number."""
        with self._file.reading() as base:
            found = base.execute(
                "SELECT number, data FROM event WHERE response = ? AND number > ? ORDER BY number",
                (identity, after),
            )
            return [(number, data) for number, data in found]

    def latest(self, client: str, conversation: str) -> str | None:
        """The last response of a conversation."""
        return self._one(
            "SELECT id FROM response WHERE client = ? AND conversation = ? ORDER BY rowid DESC LIMIT 1",
            (client, conversation),
        )

    def holder(self, client: str, item: str) -> str | None:
        """The response with this item."""
        return self._one("SELECT response FROM item WHERE client = ? AND id = ? LIMIT 1", (client, item))

    def delete(self, client: str, identity: str) -> bool:
        """Forget a response."""
        with self._file.writing() as base:
            done = base.execute(
                f"DELETE FROM response WHERE id = ? AND client = ? AND ({_RUNS} OR used >= ?)",
                (identity, client, self._clock() - self._options.ttl),
            )
            return done.rowcount > 0

    def stopped(self, identities: Collection[str]) -> set[str]:
        """Those that do not run any more."""
        running: set[str] = set()
        with self._file.reading() as base:
            for identity in identities:
                found = base.execute(f"SELECT id FROM response WHERE id = ? AND {_RUNS}", (identity,))
                running.update(row[0] for row in found)
        return set(identities) - running

    def beat(self, worker: str) -> None:
        """This worker lives."""
        now = self._clock()
        with self._file.writing() as base:
            _beat(base, worker, now)
            base.execute("DELETE FROM worker WHERE beat < ?", (now - FORGOTTEN,))

    def orphans(self) -> list[Stored]:
        """Running responses of workers that are dead."""
        now = self._clock()
        with self._file.reading() as base:
            running = base.execute(
                "SELECT response.id, host, process, beat FROM response "
                f"LEFT JOIN worker ON worker.id = response.worker WHERE {_RUNS}"
            ).fetchall()
            dead = [
                base.execute(f"SELECT {_COLUMNS} FROM response WHERE id = ? AND {_RUNS}", (name,)).fetchone()
                for name, host, number, beat in running
                if host is None or is_dead(host, number, beat, now)
            ]
        return [_record(row) for row in dead if row is not None]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _one(self, query: str, values: tuple[str, str]) -> str | None:
        with self._file.reading() as base:
            row = base.execute(query, values).fetchone()
        return None if row is None else str(row[0])

    def _evict(self, base: sqlite3.Connection, newest: str, now: float) -> None:
        """Drop what is too old, then what is too much: never what runs, nor what came just now."""
        idle = f"NOT {_RUNS} AND id != ?"
        base.execute(f"DELETE FROM response WHERE used < ? AND {idle}", (now - self._options.ttl, newest))
        while True:
            count, size = base.execute("SELECT responses, bytes FROM total").fetchone()
            too_many, too_much = count - self._options.max_items, size - self._options.max_bytes
            if too_many <= 0 and too_much <= 0:
                return
            oldest = base.execute(
                f"SELECT id, size FROM response WHERE {idle} ORDER BY used, rowid LIMIT {_BATCH}", (newest,)
            ).fetchall()
            if not oldest:
                return
            for identity, weight in oldest:
                if too_many <= 0 and too_much <= 0:
                    break
                base.execute("DELETE FROM response WHERE id = ?", (identity,))
                too_many, too_much = too_many - 1, too_much - weight


def _row(record: Stored) -> tuple[object, ...]:
    return (
        record.id,
        record.client,
        record.created,
        record.status,
        record.input,
        record.body,
        record.previous,
        record.conversation,
        record.worker,
        record.is_background,
        json.dumps(record.include),
        record.is_upstreams,
    )


def _record(row: tuple[object, ...]) -> Stored:
    record = Stored(*row)  # type: ignore[arg-type]  # the columns are its fields, in order
    return replace(
        record,
        is_background=bool(record.is_background),
        include=tuple(json.loads(str(record.include))),
        is_upstreams=bool(record.is_upstreams),
    )


def _beat(base: sqlite3.Connection, worker: str, now: float) -> None:
    base.execute(
        "INSERT INTO worker (id, host, process, beat) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET beat = excluded.beat",
        (worker, HERE, process_id(), now),
    )


def _keep_events(base: sqlite3.Connection, identity: str, events: Sequence[Told]) -> None:
    if not events:
        return
    base.executemany(
        "INSERT OR IGNORE INTO event (response, number, data) VALUES (?, ?, ?)",
        ((identity, number, data) for number, data in events),
    )
    weight = sum(len(data) + 64 for _, data in events)
    base.execute("UPDATE response SET size = size + ? WHERE id = ?", (weight, identity))


def _keep_items(base: sqlite3.Connection, client: str, identity: str, items: Sequence[str]) -> None:
    base.executemany(
        "INSERT OR REPLACE INTO item (client, id, response) VALUES (?, ?, ?)",
        ((client, item, identity) for item in items),
    )
