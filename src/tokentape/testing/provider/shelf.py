"""What the provider keeps between requests: uploaded files and stored responses."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

    Thing = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Kept:
    """A thing as the API shows it, with what belongs to it."""

    shown: Thing
    data: bytes = field(default=b"", repr=False)
    items: tuple[Json, ...] = ()


class Shelf:
    """Things by id, in the order kept. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Kept] = {}

    def put(self, name: str, kept: Kept) -> None:
        """Keep it, or replace it."""
        with self._lock:
            self._kept[name] = kept

    def get(self, name: str) -> Kept | None:
        """The thing of that id."""
        return self._kept.get(name)

    def drop(self, name: str) -> Kept | None:
        """Forget it; returns what it was."""
        with self._lock:
            return self._kept.pop(name, None)

    def all(self, prefix: str) -> list[Kept]:
        """Things whose id begins so."""
        with self._lock:
            return [kept for name, kept in self._kept.items() if name.startswith(prefix)]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for what is kept."""

    seen: Seen
    body: Json
    serial: Serial
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class Told:
    """The answer; `media` None: JSON in the API's own media type. A status from 400 on has the message as
    its body.
    """

    body: bytes
    media: str | None = None
    status: int = 200
