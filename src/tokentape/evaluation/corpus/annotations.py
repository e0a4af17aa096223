"""Categories and other metadata of recordings, written back into their cassettes.

Nothing but metadata moves in a cassette. What changes is decided first, while others may go on recording, and
then written under the cassette's lock, all of it or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.cassettes.format.bodytext import flat
from tokentape.cassettes.format.layout import parse
from tokentape.cassettes.format.metadata import Note
from tokentape.cassettes.stores.base import OneByOne
from tokentape.cassettes.stores.merge import numbered
from tokentape.errors import CassetteError, UsageError
from tokentape.evaluation.corpus.row import Row
from tokentape.evaluation.corpus.rows import Seen, Trouble, cassettes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokentape.cassettes.stores.base import Store
    from tokentape.cassettes.stores.merge import Which
    from tokentape.evaluation.corpus.where import Where
    from tokentape.wire.interaction import Json

NOTHING = Note({})

SHOWN = 5
"""Changes of a cassette that are kept to be shown."""

Named = tuple[str, str]
"""An id, and the place of its cassette ("": any)."""


@dataclass(slots=True)
class Annotations:
    """What is to be said of which recordings: `note` of all that fit, `by_id` of single ones."""

    note: Note = NOTHING
    by_id: Mapping[Named, Mapping[str, Json]] = field(default_factory=dict)
    where: Where | None = None
    met: set[Named] = field(default_factory=set)

    def of(self, row: Row) -> Note:
        """What is to be said of one recording."""
        named = [name for name in ((row.id, ""), (row.id, row.cassette)) if name in self.by_id]
        self.met.update(named)
        if self.where is not None and not self.where(row):
            return NOTHING
        if not named:
            return self.note
        values = dict(self.note.values)
        for name in named:
            values.update(self.by_id[name])
        return Note(values, self.note.gone)

    @property
    def unmet(self) -> list[str]:
        """The ids that no recording has."""
        return [id for id, cassette in self.by_id if (id, cassette) not in self.met]


@dataclass(slots=True)
class Planned:
    """What is to change in one cassette. `shown` are the first changes: id, metadata before and after."""

    cassette: str
    interactions: int = 0
    notes: dict[Which, Note] = field(default_factory=dict)
    shown: list[tuple[str, Mapping[str, Json], Mapping[str, Json]]] = field(default_factory=list)


def annotate(
    places: str | Iterable[str], what: Annotations, seen: Seen, *, dry_run: bool = False
) -> Iterator[tuple[Planned, int]]:
    """Each cassette with what changes, and how many interactions have changed: none in a dry run.

    A cassette that cannot be read or written is a line in `seen`. Raises `UsageError` for a place that is
    none, and for a store whose cassettes cannot be changed, and `CassetteNotFound`.
    """
    for store, name in cassettes_of(places):
        planned = Planned(store.describe(name))
        trouble = Trouble(planned.cassette, seen)
        seen.cassettes += 1
        able = _able(store, planned.cassette)
        try:
            _plan(able, name, what, planned, trouble)
            changed = 0 if dry_run or not planned.notes else able.annotate(name, planned.notes)
        except CassetteError as error:
            trouble.add(error)
            changed = 0
        if not planned.interactions:
            trouble.refuse_nothing(store, name)
        seen.interactions += planned.interactions
        yield planned, changed


def _able(store: Store, shown: str) -> OneByOne:
    if isinstance(store, OneByOne):
        return store
    problem = f"{type(store).__name__} cannot change what it holds"
    raise UsageError(f"{shown}: {problem}; annotate a copy in a file or in SQLite")


def _plan(store: OneByOne, name: str, what: Annotations, planned: Planned, trouble: Trouble) -> None:
    for block, which in _numbered(store, name):
        planned.interactions += 1
        try:
            row = Row(parse(block, planned.cassette), planned.cassette)
        except CassetteError as error:
            trouble.add(error)
            continue
        note = what.of(row)
        after = note.on(row.metadata)
        if flat(after) != flat(dict(row.metadata)):  # as text: True is not 1
            planned.notes[which] = note
            if len(planned.shown) < SHOWN:
                planned.shown.append((row.id, row.metadata, after))


def _numbered(store: OneByOne, name: str) -> Iterator[tuple[bytes, Which]]:
    """Every interaction as text, with what finds it again."""
    block = b""

    def identities() -> Iterator[tuple[str, str, str | None]]:
        nonlocal block
        for entry, text in store.blocks(name):
            block = text
            yield entry.at, entry.key, entry.exact

    for which in numbered(identities()):
        yield block, which
