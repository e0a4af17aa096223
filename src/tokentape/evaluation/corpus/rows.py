"""The rows of a place, one after the other: none is kept, so that the size of a corpus does not matter.

A place is what every command takes: a cassette (`tapes/summary.json`), a folder of them, an address in a
store (`sqlite:tapes.db#summary`), or a whole store (`sqlite:tapes.db`). What is in SQLite is read row by row;
a cassette that is a file is in memory while its rows are read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import parse
from tokentape.cassettes.places import cassettes, load
from tokentape.cassettes.stores.base import OneByOne
from tokentape.errors import CassetteError
from tokentape.evaluation.corpus.row import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokentape.cassettes.stores.base import Store
    from tokentape.metering.price import Price
    from tokentape.wire.interaction import Interaction

    Place = tuple[Store, str]
    Prices = Mapping[str, Price] | None


LINEAGE = "migrated_from"
"""What the metadata of a target's answer names its question by."""
ANSWERS = "answers of targets"
"""What they are counted as."""


@dataclass(slots=True)
class Seen:
    """What was met on the way: counts, what is no question by name, and what could not be read."""

    cassettes: int = 0
    interactions: int = 0
    rows: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    """One line for each cassette."""


def rows(places: str | Iterable[str], seen: Seen | None = None, prices: Prices = None) -> Iterator[Row]:
    """Every recorded conversation of the places, in order; what is none is counted in `seen`, and so is an
    answer of a target, which is recorded beside the corpus and is no question of it.

    A cassette that cannot be read is a line in `seen`, and not the end. Raises `UsageError` for a place that
    is none, and `CassetteNotFound`, when it comes to that place.
    """
    seen = Seen() if seen is None else seen
    for where in cassettes_of(places):
        for row in rows_of(where, seen, prices):
            if row.is_conversation and LINEAGE not in row.metadata:
                seen.rows += 1
                yield row
            else:
                seen.passed_over[ANSWERS if row.is_conversation else row.operation] += 1


def cassettes_of(places: str | Iterable[str]) -> Iterator[Place]:
    """Every cassette of the places, each once. Raises `UsageError` for a place that is none."""
    met = set()
    for place in [places] if isinstance(places, str) else places:
        for store, name in cassettes(place):
            if (shown := store.describe(name)) not in met:
                met.add(shown)
                yield store, name


def rows_of(where: Place, seen: Seen, prices: Prices = None) -> Iterator[Row]:
    """Every interaction of one cassette, whatever it is, as a row."""
    store, name = where
    shown = store.describe(name)
    seen.cassettes += 1
    trouble, before = Trouble(shown, seen), seen.interactions
    for found in interactions(store, name, trouble):
        seen.interactions += 1
        yield Row(found, shown, prices=prices)
    if seen.interactions == before:
        trouble.refuse_nothing(store, name)


class Trouble:
    """What is wrong with one cassette, as one line that counts."""

    def __init__(self, shown: str, seen: Seen) -> None:
        self.shown, self._seen = shown, seen
        self._first, self._count = "", 0

    def add(self, error: CassetteError) -> None:
        """One more."""
        self._count += 1
        lines = self._seen.unreadable
        if self._count == 1:
            self._first = " ".join(str(error).split())
            lines.append(self._first)
        else:
            lines[-1] = f"{self._first} (and {self._count - 1} more in this cassette)"

    def refuse_nothing(self, store: Store, name: str) -> None:
        """No interaction came: raise `CassetteNotFound` unless the cassette is there, empty or broken."""
        if not self._count:
            load(store, name)


def interactions(store: Store, name: str, trouble: Trouble) -> Iterator[Interaction]:
    """The interactions of a cassette that can be read, one at a time."""
    try:
        if isinstance(store, OneByOne):
            for _, block in store.blocks(name):
                try:
                    yield parse(block, trouble.shown)
                except CassetteError as error:
                    trouble.add(error)
        elif (cassette := store.load(name)) is not None:
            for number in range(len(cassette.entries)):
                try:
                    yield cassette.interaction(number)
                except CassetteError as error:
                    trouble.add(error)
    except CassetteError as error:
        trouble.add(error)
