"""Where values are kept: in memory, bounded by number, bytes and age; a shared store may stand in for it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokentape.protocols.unfolding import dumped
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json


class Kept(Protocol):
    """What keeps values. Several workers may share one; its methods do not raise."""

    def get(self, key: bytes) -> list[Json]:
        """The values under a key, the oldest first; none where nothing is, or it is too old."""
        ...

    def put(self, key: bytes, values: list[Json], ttl: float) -> None:
        """The values under a key, from now on, for `ttl` seconds; no values: nothing is kept."""
        ...


@dataclass(slots=True)
class _Entry:
    values: list[Json]
    until: float
    size: int


class Values:
    """Keeps values in memory. The least recently used go first; `most` entries, `most_bytes` in all."""

    def __init__(
        self, *, clock: Callable[[], float], most: int = 10_000, most_bytes: int = 256 << 20
    ) -> None:
        self._clock, self._most, self._most_bytes = clock, most, most_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes) -> list[Json]:
        """The values under a key, the oldest first."""
        entry = self._entries.get(key)
        if entry is None:
            return []
        if self._clock() >= entry.until:
            self._drop(key)
            return []
        self._entries.move_to_end(key)
        return list(entry.values)

    def put(self, key: bytes, values: list[Json], ttl: float) -> None:
        """The values under a key, from now on."""
        if key in self._entries:
            self._drop(key)
        size = sum(map(size_of, values))
        if not values or size > self._most_bytes:
            return
        self._entries[key] = _Entry(list(values), self._clock() + ttl, size)
        self.size += size
        while len(self._entries) > self._most or self.size > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: bytes) -> None:
        self.size -= self._entries.pop(key).size


def size_of(value: Json) -> int:
    """Bytes of a value as JSON."""
    if isinstance(value, str):
        return len(value)
    try:
        return len(dumped(value))
    except JsonError:  # nested too deep: nobody wants it back
        return 1 << 62


def bounded(values: list[Json], most: int, most_bytes: int) -> list[Json]:
    """The newest of `values` that fit; a value that is too large by itself is none."""
    kept: list[Json] = []
    size = 0
    for value in reversed(values[-most:]):
        size += size_of(value)
        if size > most_bytes:
            break
        kept.append(value)
    return kept[::-1]
