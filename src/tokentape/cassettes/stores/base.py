"""What a place for cassettes offers. A third party's passes `tokentape.testing.contracts.StoreContract`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tokentape.cassettes.cassette import Cassette
    from tokentape.cassettes.format.index import Entry
    from tokentape.cassettes.format.metadata import Note
    from tokentape.cassettes.stores.merge import Which
    from tokentape.wire.interaction import Interaction


class Journal(Protocol):
    """What one opening of a cassette records, call by call, before it is merged into the cassette.

    Several threads may append. After `os.fork` the child's appends go to a journal of its own.
    """

    @property
    def count(self) -> int:
        """How many interactions were appended and not yet committed or discarded."""

    def append(self, interaction: Interaction) -> None:
        """Keep one finished interaction, in one write. An `id` it has is ignored: `commit` assigns ids.

        Raises `CassetteError` if that fails; what was appended before is not harmed.
        """

    def discard(self) -> None:
        """Forget everything that was appended."""


class Store(Protocol):
    """Where cassettes live, by name. A name may hold `/`; it never leaves the store."""

    def load(self, name: str) -> Cassette | None:
        """The cassette, or None if there is none.

        What processes that died left behind is taken in first: the cassette then counts as unfinished.
        Raises `CassetteCorrupt` or `CassetteTooNew`, and `CassetteError` for a place that cannot be one.
        """

    def journal(self, name: str, *, rules: str = "", replaces: bool = False) -> Journal:
        """A journal for one opening. Nothing is created before its first append.

        `rules` are those the keys are computed under; `replaces` says that a commit with `replace` is
        meant, so that the rest of a process that died does not mix with what it meant to replace.
        Raises `CassetteError` here, not later, if nothing can be written.
        """

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
        """Merge the journal into the cassette as it is *now*, by order of start, and assign final ids.

        Under a lock: what another process saved in between is kept. `drop` are ids, as last loaded by
        this store, that go; with `replace` everything goes that is not in the journal. Either all of it
        happens or nothing: on failure the old cassette and the journal stay, and `CassetteError` says
        what to do. A cassette of no interactions is never finished.
        """

    def names(self) -> list[str]:
        """Every cassette's name, sorted."""

    def delete(self, name: str) -> None:
        """Remove the cassette; nothing happens if there is none."""

    def describe(self, name: str) -> str:
        """The path or label by which messages call the cassette."""


@runtime_checkable
class OneByOne(Protocol):
    """What a store may offer beside: its cassettes one interaction at a time, and their metadata changed.

    Where a store lacks it, a cassette is loaded to be read, and cannot be annotated.
    """

    def blocks(self, name: str) -> Iterator[tuple[Entry, bytes]]:
        """Every interaction as text, in order; none is kept, and there is none where there is no cassette.

        What another process saves meanwhile may be left out. Raises as `load` does.
        """

    def annotate(self, name: str, notes: Mapping[Which, Note]) -> int:
        """Write notes into the metadata of the interactions that `blocks` told; how many changed.

        Under the lock of the cassette as it is now, all or nothing; nothing but metadata moves. What is gone
        meanwhile is passed over. Raises `CassetteError`.
        """
