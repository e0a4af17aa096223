"""Responses in memory: of one process, and gone with it."""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import ids_of
from tokentape.gateway.responses.store import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.responses.store import Told
    from tokentape.gateway.responses.stored import Stored


@dataclass(slots=True)
class _Slot:
    record: Stored
    used: float
    events: list[Told] = field(default_factory=list)
    items: tuple[str, ...] = ()
    size: int = 0


class MemoryStore:
    """The least recently used responses go first."""

    is_shared = False

    def __init__(self, options: StateOptions, clock: Callable[[], float]) -> None:
        self.seal = secrets.token_bytes(32)
        self._options, self._clock = options, clock
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._items: dict[tuple[str, str], str] = {}
        self._conversations: dict[tuple[str, str], str] = {}
        self._bytes = 0

    def put(self, record: Stored, uses: Sequence[str] = (), events: Sequence[Told] = ()) -> None:
        """Keep a new response."""
        if record.id in self._slots:
            raise StoreFailed(f"the store of responses has a response {record.id} already")
        now = self._clock()
        for identity in uses:
            if (slot := self._slots.get(identity)) is not None:
                slot.used = now
                self._slots.move_to_end(identity)
        slot = _Slot(record, now)
        self._slots[record.id] = slot
        self._grow(slot, record.size)
        self._tell(slot, events)
        self._index(slot, () if record.is_running else tuple(ids_of(record.output)))
        if record.conversation is not None:
            self._conversations[record.client, record.conversation] = record.id
        self._evict(record.id)

    def get(self, client: str, identity: str) -> Stored | None:
        """The response, if it is this client's."""
        slot = self._slots.get(identity)
        if slot is None or slot.record.client != client or self._is_old(slot):
            return None
        return slot.record

    def change(
        self, identity: str, status: str, body: bytes, items: Sequence[str] = (), events: Sequence[Told] = ()
    ) -> bool:
        """What a running response is by now."""
        slot = self._slots.get(identity)
        if slot is None or not slot.record.is_running:
            return False
        self._grow(slot, len(body) - len(slot.record.body))
        slot.record = replace(slot.record, status=status, body=body)
        self._tell(slot, events)
        self._index(slot, tuple(items))
        self._evict(identity)
        return True

    def tell(self, identity: str, events: Sequence[Told]) -> bool:
        """More events of a running response."""
        slot = self._slots.get(identity)
        if slot is None or not slot.record.is_running:
            return False
        self._tell(slot, events)
        return True

    def told(self, identity: str, after: int) -> list[Told]:
        """The events after a number."""
        slot = self._slots.get(identity)
        return [] if slot is None else slot.events[bisect_right(slot.events, after, key=itemgetter(0)) :]

    def latest(self, client: str, conversation: str) -> str | None:
        """The last response of a conversation."""
        return self._conversations.get((client, conversation))

    def holder(self, client: str, item: str) -> str | None:
        """The response with this item."""
        return self._items.get((client, item))

    def delete(self, client: str, identity: str) -> bool:
        """Forget a response."""
        if self.get(client, identity) is None:
            return False
        self._drop(identity)
        return True

    def stopped(self, identities: Collection[str]) -> set[str]:
        """Those that do not run any more."""
        return {
            identity
            for identity in identities
            if (slot := self._slots.get(identity)) is None or not slot.record.is_running
        }

    def beat(self, worker: str) -> None:
        """There is only one worker, and it lives."""

    def orphans(self) -> list[Stored]:
        """None: what ran in a process that died is gone with it."""
        return []

    def close(self) -> None:
        """Forget everything."""
        self._slots.clear()
        self._items.clear()
        self._conversations.clear()
        self._bytes = 0

    def _tell(self, slot: _Slot, events: Sequence[Told]) -> None:
        slot.events += events
        self._grow(slot, sum(len(data) + 64 for _, data in events))

    def _grow(self, slot: _Slot, size: int) -> None:
        slot.size += size
        self._bytes += size

    def _index(self, slot: _Slot, items: tuple[str, ...]) -> None:
        slot.items = items
        for item in items:
            self._items[slot.record.client, item] = slot.record.id

    def _is_old(self, slot: _Slot) -> bool:
        return not slot.record.is_running and self._clock() - slot.used > self._options.ttl

    def _evict(self, newest: str) -> None:
        """Drop what is too old, then what is too much: never what runs, nor what came just now."""
        count, size, victims = len(self._slots), self._bytes, []
        for identity, slot in self._slots.items():  # those unused for longest come first
            if identity == newest or slot.record.is_running:
                continue
            if (
                count <= self._options.max_items
                and size <= self._options.max_bytes
                and not self._is_old(slot)
            ):
                break
            count, size = count - 1, size - slot.size
            victims.append(identity)
        for identity in victims:
            self._drop(identity)

    def _drop(self, identity: str) -> None:
        slot = self._slots.pop(identity)
        record = slot.record
        self._bytes -= slot.size
        for item in slot.items:
            if self._items.get((record.client, item)) == identity:
                del self._items[record.client, item]
        spoken = (record.client, record.conversation or "")
        if self._conversations.get(spoken) == identity:
            del self._conversations[spoken]
