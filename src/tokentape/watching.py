"""Who wants to know when a block with a cassette opens and closes: the pytest plugin, for its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokentape.deck import Deck


class Watcher(Protocol):
    """Told of each block of `use_cassette`. It must not raise."""

    def opened(self, deck: Deck) -> None:
        """The block is about to run."""

    def closed(self, deck: Deck) -> None:
        """The block ended, and the deck is closed."""


watchers: list[Watcher] = []
