"""Merging journals into a cassette in SQLite: as `saving` does for files; only what changed is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import with_id
from tokentape.cassettes.format.upgrade import VERSION
from tokentape.cassettes.stores.merge import (
    Record,
    ids_for,
    in_order,
    not_yet_in,
    numbered,
    rules_of_all,
    without,
)
from tokentape.cassettes.stores.saving import noted_in, usable
from tokentape.cassettes.stores.sqlitejournal import Journaled

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.merge import Contents, Which
    from tokentape.cassettes.stores.saving import Change


class _Stored(Record):
    """A record that is a row already: its block stays there, unread."""

    row: int
    place: tuple[int, str]


def merge(
    connection: sqlite3.Connection,
    name: str,
    own: Contents | None,
    dead: Sequence[Contents],
    change: Change | None,
) -> bool:
    """Merge `own` and what the dead left into the cassette as it is now; True if there was one before.

    Without a `change` the dead are adopted only: the cassette then counts as unfinished, and stays
    untouched if they hold nothing new. The caller holds the transaction.
    """
    head = connection.execute("SELECT rules, finished FROM cassette WHERE name = ?", (name,)).fetchone()
    old = _stored(connection, name)
    replaced = head is None or (change is not None and change.replace)
    parts = [part for part in dead if usable(part, replaced=replaced)]
    fresh = [missing for part in parts if (missing := not_yet_in(old, part.records))]
    kept = old if change is None else _kept(old, change)
    records = in_order(kept, own.records if own else [], *fresh)
    if not fresh if change is None else head is None and not records and not change.finished:
        return head is not None
    rules = {part.rules for part in parts} | ({change.rules} if change else set())
    if head is not None and kept:
        rules.add(head[0])
    finished = change is not None and change.finished and bool(records)
    connection.execute(
        "INSERT INTO cassette VALUES (?, ?, ?, ?, '{}') "
        "ON CONFLICT (name) DO UPDATE SET rules = excluded.rules, finished = excluded.finished",
        (name, rules_of_all(rules), finished, VERSION),
    )
    _write(connection, name, old, records)
    return head is not None


def _stored(connection: sqlite3.Connection, name: str) -> list[_Stored]:
    rows = connection.execute(
        "SELECT row, position, id, key, exact, at FROM interaction WHERE cassette = ? ORDER BY position",
        (name,),
    )
    found = []
    for row, position, id, key, exact, at in rows:
        record = _Stored(at, key, exact, ())
        record.row, record.place = row, (position, id)
        found.append(record)
    return found


def _kept(old: Sequence[Record], change: Change) -> Sequence[Record]:
    """What stays of the cassette. Ids may have moved since they were seen: others may have saved."""
    if change.replace:
        return []
    if not change.drop:
        return old
    gone = set(change.drop)
    if change.seen is None:
        ids = [record.place[1] for record in old if isinstance(record, _Stored)]
        seen = [(id, record.identity) for id, record in zip(ids, old, strict=True)]
    else:
        seen = [(entry.id, (entry.at, entry.key, entry.exact)) for entry in change.seen]
    names = numbered(identity for _, identity in seen)
    return without(old, {name for (id, _), name in zip(seen, names, strict=True) if id in gone})


def _write(
    connection: sqlite3.Connection, name: str, old: Sequence[_Stored], records: Sequence[Record]
) -> None:
    """Make the rows those of `records`, in their order and under their ids."""
    kept = {record.row for record in records if isinstance(record, _Stored)}
    gone = [(record.row,) for record in old if record.row not in kept]
    connection.executemany("DELETE FROM interaction WHERE row = ?", gone)
    for position, (record, id) in enumerate(zip(records, ids_for(r.key for r in records), strict=True)):
        if not isinstance(record, _Stored):
            held = (record.block_in(connection),) if isinstance(record, Journaled) else record.block
            block = b"".join(map(bytes, with_id(held, id)))
            values = (name, position, id, record.key, record.exact, record.at, block)
            connection.execute(
                "INSERT INTO interaction (cassette, position, id, key, exact, at, block) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        elif record.place != (position, id):
            _move(connection, record, position, id)


def _move(connection: sqlite3.Connection, record: _Stored, position: int, id: str) -> None:
    if record.place[1] == id:
        connection.execute("UPDATE interaction SET position = ? WHERE row = ?", (position, record.row))
        return
    [(block,)] = connection.execute(
        "SELECT CAST(block AS BLOB) FROM interaction WHERE row = ?", (record.row,)
    )
    renamed = b"".join(map(bytes, with_id((block,), id)))
    connection.execute(
        "UPDATE interaction SET position = ?, id = ?, block = ? WHERE row = ?",
        (position, id, renamed, record.row),
    )


def annotate(connection: sqlite3.Connection, name: str, shown: str, notes: Mapping[Which, Note]) -> int:
    """Write notes into the metadata of a cassette's interactions; how many that changes.

    The caller holds the transaction.
    """
    stored = _stored(connection, name)
    changed = 0
    for record, which in zip(stored, numbered(record.identity for record in stored), strict=True):
        if which not in notes:
            continue
        [(old,)] = connection.execute(
            "SELECT CAST(block AS BLOB) FROM interaction WHERE row = ?", (record.row,)
        )
        block = noted_in(old, notes[which], shown, record.place[1])
        if block is not old:
            connection.execute("UPDATE interaction SET block = ? WHERE row = ?", (block, record.row))
            changed += 1
    return changed
