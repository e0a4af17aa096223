"""What is remembered of conversations: hashes, and the ids they lead to. No text, and bounded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.chain import SIZE, packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """How much is remembered, and for how long after its last use (seconds).

    `entries` are kept for one client, `total` for all; an entry takes about 300 bytes. `headers` are
    further header fields of clients that name a conversation. `compare`: conversations that nobody names
    are told by their history; False: each such call is a conversation of its own.
    """

    ttl: float = 7 * 86_400.0
    entries: int = 5_000
    total: int = 50_000
    clients: int = 10_000
    headers: tuple[str, ...] = ()
    compare: bool = True


def hashed(*pieces: str) -> bytes:
    """A hash of texts, each with its length before it: no two lists of texts are alike."""
    return blake2b(packed(*pieces), digest_size=SIZE).digest()


@dataclass(slots=True)
class Entry:
    """The conversation that stands at one place of its history. `next` is the request that went on from
    there, by the link behind it; None: nobody has. `is_shared`: others stand there, too, and nobody can tell
    them apart.
    """

    conversation: str
    at: float
    next: bytes | None = None
    is_shared: bool = False


class Places:
    """Entries by client and hash, the least recently used go first."""

    def __init__(self, options: TrackerOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._clients: OrderedDict[str, OrderedDict[bytes, Entry]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, client: str, key: bytes) -> Entry | None:
        """The entry, as used now; None where there is none, or it is too old."""
        entries = self._clients.get(client)
        entry = entries.get(key) if entries is not None else None
        if entries is None or entry is None:
            return None
        now = self._clock()
        if now - entry.at > self._options.ttl:
            self._drop(client, key)
            return None
        entry.at = now
        entries.move_to_end(key)
        self._clients.move_to_end(client)
        return entry

    def add(self, client: str, key: bytes, conversation: str) -> None:
        """`conversation` stands at `key`, too."""
        entry = self.get(client, key)
        if entry is not None:
            entry.is_shared = entry.is_shared or entry.conversation != conversation
            return
        entries = self._clients.setdefault(client, OrderedDict())
        entries[key] = Entry(conversation, self._clock())
        self._count += 1
        self._clients.move_to_end(client)
        self._bound(client, entries)

    def __iter__(self) -> Iterator[tuple[str, bytes, Entry]]:
        """All of them, the least recently used of each client first."""
        for client, entries in self._clients.items():
            for key, entry in entries.items():
                yield client, key, entry

    def _bound(self, client: str, entries: OrderedDict[bytes, Entry]) -> None:
        if len(entries) > self._options.entries:
            self._drop(client, next(iter(entries)))
        while self._count > self._options.total or len(self._clients) > self._options.clients:
            idle, its = next(iter(self._clients.items()))
            self._drop(idle, next(iter(its)))

    def _drop(self, client: str, key: bytes) -> None:
        entries = self._clients[client]
        del entries[key]
        self._count -= 1
        if not entries:
            del self._clients[client]
