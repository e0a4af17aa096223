"""Where a deck records, and what becomes of that place at the end: pure rules, by mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode

if TYPE_CHECKING:
    from collections.abc import Collection

    from tokentape.cassettes.stores.base import Store

_SENDING = frozenset({RecordMode.ALL, RecordMode.NEW_EPISODES, RecordMode.REFRESH})


@dataclass(frozen=True, slots=True)
class Tape:
    """Where a deck records: a store, a name in it, and what the cassette there was at entry.

    `drop` are ids that go when the recording is saved.
    """

    store: Store
    name: str
    mode: RecordMode
    existed: bool
    finished: bool
    drop: frozenset[str] = frozenset()

    @property
    def sends(self) -> bool:
        """True if a call that is not recorded goes to the real server."""
        return self.mode in _SENDING or (self.mode is RecordMode.ONCE and not self.finished)

    @property
    def where(self) -> str:
        """What messages call it."""
        return self.store.describe(self.name)

    @property
    def replaces(self) -> bool:
        """True if what is recorded takes the place of a cassette that was there."""
        return self.mode is RecordMode.ALL and self.existed

    def keeps_old(self, *, succeeded: bool) -> bool:
        """True if the cassette that was there stays, and what was recorded goes."""
        return self.replaces and not succeeded

    def is_finished(self, *, succeeded: bool) -> bool:
        """True if nothing is missing from the cassette any more, as far as mode `once` goes."""
        return succeeded or (self.existed and self.finished)

    def dropped(self, unused: Collection[str], *, succeeded: bool) -> Collection[str]:
        """The ids that go; `unused` are those that were not played."""
        if self.mode is RecordMode.REFRESH and succeeded:
            return self.drop | set(unused)
        return self.drop
