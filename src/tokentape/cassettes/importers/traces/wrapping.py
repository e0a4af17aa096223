"""Which spans are the calls: wrappers of frameworks above them, and spans exported twice, are not doubled.

A first reading of the source keeps nothing but ids.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.importers.notes import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kin(NamedTuple):
    """A span by its ids. `tells`: it is a call of a model, and holds what was asked and what came of it.
    `is_span` is False for what an event tells of a span that may be elsewhere. `is_tool`: calls below a tool
    are calls of their own, whatever stands above it (an agent that is the tool of another). `failed`: what
    stands above it and did not fail has its answer from elsewhere.
    """

    trace: str
    span: str
    parent: str
    tells: bool
    is_span: bool = True
    is_tool: bool = False
    failed: bool = False


class Families:
    """Filled by a first reading; then asked, once for each call, in the second."""

    def __init__(self, spans: Iterable[Kin]) -> None:
        self._parents: dict[bytes, bytes] = {}
        self._telling: set[bytes] = set()
        self._done: set[bytes] = set()
        self._known: set[bytes] = set()
        self._failed: set[bytes] = set()
        for kin in spans:
            if not kin.span:
                continue
            own = _id(kin.trace, kin.span)
            if kin.is_span:
                self._known.add(own)
            if kin.parent and kin.parent != kin.span and not kin.is_tool:
                self._parents[own] = _id(kin.trace, kin.parent)
            if kin.tells:
                self._telling.add(own)
            if kin.failed:
                self._failed.add(own)
        self._wrapping = self._above()

    def has(self, trace: str, span: str) -> bool:
        """True if that span is in the source."""
        return _id(trace, span) in self._known

    def check(self, trace: str, span: str) -> None:
        """Raises `LeftOut` for a span that wraps another call, or was there before."""
        if not span:
            return
        own = _id(trace, span)
        if own in self._wrapping:
            raise LeftOut("it wraps another call of the same trace, which is imported")
        if own not in self._telling and self._is_told(own):
            raise LeftOut("it is told by the span above it, which is imported")
        if own in self._done:
            raise LeftOut("it is the same span again")
        self._done.add(own)

    def _is_told(self, own: bytes) -> bool:
        """True if a span above it tells; chains that end in themselves end here, too."""
        seen, parent = {own}, self._parents.get(own)
        while parent is not None and parent not in seen:
            if parent in self._telling:
                return True
            seen.add(parent)
            parent = self._parents.get(parent)
        return False

    def _above(self) -> set[bytes]:
        """All that stand above a span that tells, however far; above a failed one, those that failed."""
        return self._over(self._telling - self._failed) | (self._over(self._telling) & self._failed)

    def _over(self, spans: set[bytes]) -> set[bytes]:
        above: set[bytes] = set()
        for own in spans:
            parent = self._parents.get(own)
            while parent is not None and parent not in above:
                above.add(parent)
                parent = self._parents.get(parent)
        return above


def _id(trace: str, span: str) -> bytes:
    return blake2b(f"{trace}\0{span}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
