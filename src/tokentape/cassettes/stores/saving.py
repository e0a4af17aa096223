"""What a save writes: the cassette as it is now, a journal, and journals of the dead, made one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.format.fields import Place
from tokentape.cassettes.format.index import scan
from tokentape.cassettes.format.layout import file_pieces, with_id
from tokentape.cassettes.format.metadata import noted
from tokentape.cassettes.stores.merge import (
    Contents,
    Record,
    ids_for,
    in_order,
    not_yet_in,
    numbered,
    rules_of_all,
    without,
)
from tokentape.cassettes.stretch import Stretch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tokentape.cassettes.format.index import Entry, Index
    from tokentape.cassettes.format.layout import Piece
    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.merge import Which


class Change(NamedTuple):
    """What a commit asks for. `drop` are ids as they were in `seen`, or as they are now if it is None."""

    finished: bool
    rules: str
    drop: Collection[str] = ()
    replace: bool = False
    seen: Sequence[Entry] | None = None


def committed(
    data: bytes | None, path: str, own: Contents, dead: Iterable[Contents], change: Change
) -> bytes | None:
    """The cassette after a commit (`to_write`) as one."""
    new = to_write(data, path, own, dead, change)
    return None if new is None else b"".join(_in_memory(piece) for piece in new)


def _in_memory(piece: Piece) -> bytes | memoryview:
    return bytes(piece) if isinstance(piece, Stretch) else piece


def to_write(
    data: bytes | None, path: str, own: Contents, dead: Iterable[Contents], change: Change
) -> Sequence[Piece] | None:
    """The pieces of the cassette after a commit; None if there is nothing to write.

    `data` is the cassette now. A block that failed before its first call leaves no file; one that
    succeeded without a call leaves an empty cassette that is not finished, so mode `once` goes on there.
    Raises `CassetteCorrupt` or `CassetteTooNew`: nothing is written over a file that cannot be read.
    """
    index = None if data is None else scan(data, path)
    old = _records(index)
    kept = _kept(old, index, change)
    parts = [part for part in dead if usable(part, replaced=index is None or change.replace)]
    records = in_order(kept, own.records, *(not_yet_in(old, part.records) for part in parts))
    if data is None and not records and not change.finished:
        return None
    rules = {change.rules, *(part.rules for part in parts)}
    if index is not None and kept:
        rules.add(index.rules)
    new = _assembled(records, rules, change.finished, index)
    return None if _is(data, new) else new


def _is(data: bytes | None, pieces: Sequence[Piece]) -> bool:
    """True if `data` is made of these pieces."""
    if data is None or len(data) != sum(map(len, pieces)):
        return False
    at = 0
    for piece in pieces:
        if not data.startswith(_in_memory(piece), at):  # compares views quickly, which == does not
            return False
        at += len(piece)
    return True


def adopted(data: bytes | None, path: str, dead: Iterable[Contents]) -> Sequence[Piece] | None:
    """The cassette with what dead processes left; None if nothing of that is new.

    It counts as unfinished: nobody knows what these processes still meant to do.
    """
    index = None if data is None else scan(data, path)
    old = _records(index)
    parts = [part for part in dead if usable(part, replaced=index is None)]
    fresh = [missing for part in parts if (missing := not_yet_in(old, part.records))]
    if not fresh:
        return None
    rules = {part.rules for part in parts} | ({index.rules} if index is not None and old else set())
    return _assembled(in_order(old, *fresh), rules, False, index)


def annotated(data: bytes, path: str, notes: Mapping[Which, Note]) -> tuple[list[Piece], int]:
    """The file with notes in the metadata, and how many of its interactions that changes.

    Raises `CassetteCorrupt` and `CassetteTooNew`.
    """
    index = scan(data, path)
    named = numbered((entry.at, entry.key, entry.exact) for entry in index.entries)
    new: list[Piece] = []
    text, at, changed = memoryview(index.data), 0, 0
    for entry, which in zip(index.entries, named, strict=True):
        if which in notes:
            old = index.data[entry.start : entry.end]
            block = noted_in(old, notes[which], path, entry.id)
            changed += block is not old
            new += text[at : entry.start], block
            at = entry.end
    return [*new, text[at:]], changed


def noted_in(block: bytes, note: Note, path: str, id: str) -> bytes:
    """The block with its note, the same object where that changes nothing. Raises `CassetteCorrupt`."""
    try:
        return noted(block, note)
    except ValueError as error:
        return Place(path, None, id).corrupt(f"not JSON that can be read: {error}")


def usable(part: Contents, *, replaced: bool) -> bool:
    """False for the rest of a run that meant to replace a cassette which is still there.

    Mode `all` keeps the old cassette until the new one is complete; half of each would be neither.
    """
    return replaced or not part.replaces


def _kept(old: Sequence[Record], index: Index | None, change: Change) -> Sequence[Record]:
    """What stays of the cassette. Ids may have moved since they were seen: others may have saved."""
    if change.replace or index is None:
        return []
    if not change.drop:
        return old
    seen = index.entries if change.seen is None else change.seen
    names = numbered((entry.at, entry.key, entry.exact) for entry in seen)
    dropped = {name for entry, name in zip(seen, names, strict=True) if entry.id in set(change.drop)}
    return without(old, dropped)


def _records(index: Index | None) -> list[Record]:
    if index is None:
        return []
    data = memoryview(index.data)
    return [
        Record(entry.at, entry.key, entry.exact, (data[entry.start : entry.end],)) for entry in index.entries
    ]


def _assembled(
    records: Sequence[Record], rules: Iterable[str], finished: bool, index: Index | None
) -> list[Piece]:
    """The file. Fields of a later version that the old one had are written again."""
    ids = ids_for(record.key for record in records)
    blocks = [with_id(record.block, name) for record, name in zip(records, ids, strict=True)]
    unknown = index.unknown if index is not None else None
    return file_pieces(blocks, rules=rules_of_all(rules), finished=finished and bool(blocks), unknown=unknown)
