"""What a place for cassettes offers. A third party's passes `tokentape.testing.contracts.StoreContract`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from tokentape.cassettes.cassette import Cassette
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
