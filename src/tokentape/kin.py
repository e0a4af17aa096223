"""A deck and the other processes of its cassette: forked children, and programs under `tokentape run`.

One process opened the cassette: it owns what they share, hears what the others tell, and saves. The others
tell it of misses and troubles when they happen, and leave their journals to it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from tokentape.errors import RecordingError
from tokentape.log import log
from tokentape.sharing import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.deck import Deck
    from tokentape.errors import TokentapeError
    from tokentape.playback import Playback
    from tokentape.recording import Recorder
    from tokentape.sharing import Told


class Kin:
    """The other processes of `deck`; there are none until `open_to`, `join` or a fork."""

    def __init__(self, deck: Deck, playback: Playback, recorder: Recorder) -> None:
        self._deck, self._playback, self._recorder = deck, playback, recorder
        self._shared: Shared | None = None
        self._owns = False
        self.untold: list[TokentapeError] = []

    def open_to(self, shared: Shared) -> None:
        """This process opened the cassette; others will join."""
        self._shared, self._owns = shared, True
        self._playback.share(shared)

    def join(self, shared: Shared) -> None:
        """Another process opened the cassette."""
        self._shared, self._owns = shared, False
        self._playback.share(shared)
        self._recorder.join(shared)

    def before_fork(self) -> None:
        """Make what parent and child will share."""
        if self._shared is not None:
            return
        try:
            self.open_to(Shared.made())
        except OSError as error:
            log.warning("%s: what a forked process misses will not be known here: %s", self._deck.path, error)

    def after_fork(self) -> None:
        """In the child: the parent, or whoever it joined, is the one who saves."""
        self.untold = []
        if self._shared is not None:
            self.join(self._shared)

    def tell(self, error: TokentapeError) -> None:
        """Something was latched here."""
        if self._shared is not None and not self._owns and not self._shared.tell(error):
            self.untold.append(error)

    def hear(self) -> list[Told]:
        """Latch what the others told, and count what they did; the news itself is the result."""
        if self._shared is None or not self._owns:
            return []
        news = self._shared.news()
        for told in news:
            if isinstance(told.error, RecordingError):
                self._deck.trouble(told.error)
            elif told.error is not None:
                self._deck.latch(told.error)
            for name, count in told.tally.items():
                setattr(self._deck.tally, name, getattr(self._deck.tally, name) + count)
        return news

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Around the end of the deck: the owner takes in what the others left; then they are on their own."""
        if self._shared is None:
            yield
        elif not self._owns:
            yield
            self._shared.tell_tally(asdict(self._deck.tally))
        else:
            with self._shared.held():
                self.hear()
                yield
                self.hear()
            self._shared.remove()
