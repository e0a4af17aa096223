"""From recorded interactions to the blocks of a cassette: order, doubles, ids. Nothing is parsed."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from heapq import merge as merged
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.format.layout import Piece, pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tokentape.wire.interaction import Interaction

Identity = tuple[str, str, str | None]
"""Start, key and digest of the request's bytes."""

Which = tuple[Identity, int]
"""One interaction of a cassette, also where ids moved since it was seen; see `numbered`."""

MIXED_RULES = "mixed"
"""Rules of a cassette whose keys were computed under different ones: they are recomputed on each load."""


class Record(NamedTuple):
    """One interaction's block, with what the merge has to know about it."""

    at: str
    key: str
    exact: str | None
    block: Sequence[Piece]

    @classmethod
    def of(cls, interaction: Interaction) -> Record:
        """The record of an interaction, its block in memory."""
        return cls(interaction.timing.at, interaction.key, interaction.exact, pieces(interaction))

    @property
    def identity(self) -> Identity:
        """Equal for the same call stored twice. One process never gives two calls the same start."""
        return self.at, self.key, self.exact


class Contents(NamedTuple):
    """What one journal holds. `torn`: a last record was incomplete and left out."""

    records: Sequence[Record]
    rules: str = ""
    replaces: bool = False
    torn: bool = False


def in_order(old: Sequence[Record], *new: Iterable[Record]) -> list[Record]:
    """All of them by start. The order of `old` is kept, and so is one that was changed by hand.

    A journal is in the order in which calls ended, so each is sorted first.
    """
    return list(merged(old, *(sorted(records, key=_start) for records in new), key=_start))


def not_yet_in(old: Iterable[Record], adopted: Iterable[Record]) -> list[Record]:
    """What of an adopted journal is not in the cassette: its process may have died after saving it."""
    known = Counter(record.identity for record in old)
    missing = []
    for record in adopted:
        if known[record.identity]:
            known[record.identity] -= 1
        else:
            missing.append(record)
    return missing


def without(old: Sequence[Record], dropped: Collection[Which]) -> list[Record]:
    """The records whose numbered identity is not among `dropped`."""
    names = numbered(record.identity for record in old)
    return [record for record, name in zip(old, names, strict=True) if name not in dropped]


def numbered(identities: Iterable[Identity]) -> Iterator[Which]:
    """Each with how many equal ones came before: imported calls have no start, so they may be equal."""
    seen: Counter[Identity] = Counter()
    for identity in identities:
        yield identity, seen[identity]
        seen[identity] += 1


def rules_of_all(rules: Iterable[str]) -> str:
    """The rules of a cassette made of parts with these."""
    different = set(rules)
    return different.pop() if len(different) == 1 else MIXED_RULES


def ids_for(keys: Iterable[str]) -> list[str]:
    """The ids of interactions with these keys, in order: the same keys always get the same ids.

    The first interaction of a key is called by the key's first 8 digits, so a recording made again
    moves nothing. A key that a program fixed (`id:weather`) gives `weather`, `weather-2`, ...
    """
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    ids = []
    for key in keys:
        seen[key] += 1
        name = next(candidate for candidate in _candidates(key, seen[key]) if candidate not in taken)
        taken.add(name)
        ids.append(name)
    return ids


def _candidates(key: str, number: int) -> Iterator[str]:
    """Ids to try for the `number`-th interaction of a key; a later one only if the first is taken."""
    fixed = key.removeprefix("id:") if key.startswith("id:") else ""
    if number == 1 and (fixed or key):
        yield fixed or key[:8]
    if fixed:
        yield f"{fixed}-{number}"
    yield _digest(f"{key}:{number}")
    attempt = 1
    while True:
        attempt += 1
        yield _digest(f"{key}:{number}:{attempt}")


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _start(record: Record) -> str:
    """Sorts `...:00Z` before `...:00.5Z`."""
    return record.at.removesuffix("Z").removesuffix("+00:00")
