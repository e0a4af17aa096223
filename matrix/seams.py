"""At which HTTP library a call was recorded: measured, since an SDK takes what is installed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentape.deck import Deck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from tokentape.outcomes import Outcome
    from tokentape.wire.message import Request

LIBRARIES = frozenset({"httpx2", "httpx", "aiohttp", "requests", "urllib3"})


@contextmanager
def noted() -> Iterator[set[str]]:
    """The libraries from which decks are asked during the block, in this whole process."""
    found: set[str] = set()
    asked = Deck.begin

    def begin(self: Deck, request: Request, *, identity: str | None = None) -> Outcome | None:
        found.add(_library(sys._getframe(1)))
        return asked(self, request, identity=identity)

    Deck.begin = begin  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Deck.begin = asked  # type: ignore[method-assign]


def _library(frame: FrameType | None) -> str:
    """The first library up the stack: the interceptor was called by it. urllib3 comes through http.client."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name in LIBRARIES:
            return name
        frame = frame.f_back
    return "http.client"
