"""Cassettes that live as long as the store: for tests, and for a recording that need not be kept."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.format.index import scan
from tokentape.cassettes.stores.merge import Contents, Record
from tokentape.cassettes.stores.saving import Change, annotated, committed
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tokentape.cassettes.format.index import Entry
    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.base import Journal
    from tokentape.cassettes.stores.merge import Which
    from tokentape.wire.interaction import Interaction


class MemoryJournal:
    """What was appended, as text: the same form as in a file, so that memory hides no defect of it."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    @property
    def count(self) -> int:
        """How many interactions were appended and not yet committed or discarded."""
        return len(self._records)

    def append(self, interaction: Interaction) -> None:
        """Keep one finished interaction."""
        self._records.append(Record.of(interaction))

    def discard(self) -> None:
        """Forget everything that was appended."""
        self._records.clear()

    def saved(self, count: int) -> None:
        """Forget the first `count`: a call may have ended while they were saved."""
        del self._records[:count]

    def read(self) -> Contents:
        """What was appended so far."""
        return Contents(list(self._records))


class MemoryStore:
    """A store without files. Threads may share it; a forked child has a copy of its own."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._loaded: dict[str, Sequence[Entry]] = {}
        self._lock = threading.Lock()

    def load(self, name: str) -> Cassette | None:
        """The cassette, or None if there is none."""
        data = self._files.get(name)
        if data is None:
            return None
        cassette = Cassette(self.describe(name), data)
        self._loaded[name] = cassette.entries
        return cassette

    def blocks(self, name: str) -> Iterator[tuple[Entry, bytes]]:
        """Each interaction as text; see `OneByOne.blocks`."""
        data = self._files.get(name)
        if data is not None:
            index = scan(data, self.describe(name))
            for entry in index.entries:
                yield entry, index.data[entry.start : entry.end]

    def annotate(self, name: str, notes: Mapping[Which, Note]) -> int:
        """Write notes into the metadata; see `OneByOne.annotate`."""
        with self._lock:
            data = self._files.get(name)
            if data is None:
                return 0
            new, changed = annotated(data, self.describe(name), notes)
            self._files[name] = b"".join(map(bytes, new))
            return changed

    def journal(self, name: str, *, rules: str = "", replaces: bool = False) -> MemoryJournal:
        """A journal for one opening."""
        return MemoryJournal()

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
        """Merge the journal into the cassette; see `Store.commit`."""
        if journal is not None and not isinstance(journal, MemoryJournal):
            raise UsageError(f"{self!r} cannot save a {type(journal).__name__}: pass what its journal() gave")
        change = Change(finished, rules, drop, replace, self._loaded.get(name))
        with self._lock:
            own = journal.read() if journal else Contents([])
            data = committed(self._files.get(name), self.describe(name), own, (), change)
            if data is not None:
                self._files[name] = data
            if journal is not None:
                journal.saved(len(own.records))

    def names(self) -> list[str]:
        """Every cassette's name, sorted."""
        return sorted(self._files)

    def delete(self, name: str) -> None:
        """Remove the cassette; nothing happens if there is none."""
        self._files.pop(name, None)

    def describe(self, name: str) -> str:
        """The address of the cassette, in one line."""
        return f"memory:#{name if name.isprintable() else repr(name)}"
