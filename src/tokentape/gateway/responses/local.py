"""What one WebSocket remembers: responses that are stored nowhere else, and go with the connection."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.gateway.responses.stored import Stored

MOST = 64
"""Responses of one connection."""
LARGEST = 64 * 1024 * 1024
"""Bytes of them."""


class Local:
    """The responses of one connection, the latest ones."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Stored] = OrderedDict()
        self._size = 0

    def keep(self, record: Stored) -> None:
        """Remember a response that has ended."""
        self.forget(record.id)
        self._records[record.id] = record
        self._size += record.size
        while len(self._records) > MOST or (self._size > LARGEST and len(self._records) > 1):
            self.forget(next(iter(self._records)))

    def get(self, identity: str) -> Stored | None:
        """A response, if it is remembered."""
        return self._records.get(identity)

    def forget(self, identity: str) -> None:
        """Forget a response: it failed to be gone on from."""
        record = self._records.pop(identity, None)
        if record is not None:
            self._size -= record.size
