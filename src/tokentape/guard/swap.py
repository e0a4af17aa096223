"""Replacing a function of a class or module, also an inherited one, and putting it back where it is ours."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tokentape.forks import renewed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Function = Callable[..., object]
    Make = Callable[["Swap"], Function]

KEPT = 4
"""How many replacements of one place are remembered: others may replace it, too, and put it back."""

_NOT_THERE = object()


class Swap:
    """One replaced function. `is_on` tells the replacement whether to do anything at all.

    Like `interceptors.patching.Patch`, and for what the owner inherits, too: that is deleted to put it back.
    """

    __slots__ = ("_own", "is_on", "name", "original", "owner", "replacement")

    def __init__(self, owner: type | ModuleType, name: str, make: Make) -> None:
        """`make(swap)` returns the replacement; `swap.original` is what it stands for."""
        self.owner, self.name = owner, name
        self.is_on = False
        self._own: object = vars(owner).get(name, _NOT_THERE)
        self.original: Function = getattr(owner, name)
        self.replacement = make(self)
        self.redo()

    def redo(self) -> bool:
        """Put the replacement in place, unless it is there.

        False if there is something else, somebody's replacement of the original or of ours.
        """
        now = vars(self.owner).get(self.name, _NOT_THERE)
        if now is self._own:
            setattr(self.owner, self.name, self.replacement)
        self.is_on = now is self._own or now is self.replacement
        return self.is_on

    def undo(self) -> None:
        """Put back what was there. Under somebody else's replacement ours stays, and sleeps."""
        self.is_on = False
        if vars(self.owner).get(self.name, _NOT_THERE) is self.replacement:
            if self._own is _NOT_THERE:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, self._own)


class Swaps:
    """All that the guard replaced; replacements are kept for the next time, the latest for each place.

    The lock is taken last and held for no call of others: a module may be imported by another thread, which
    waits here while somebody waits for that import.
    """

    def __init__(self) -> None:
        self._swaps: dict[tuple[int, str], list[Swap]] = {}
        self._lock = renewed(threading.Lock())
        self._is_open = False

    def open(self) -> None:
        """From here on `put` replaces."""
        with self._lock:
            self._is_open = True

    def put(self, owner: type | ModuleType, name: str, make: Make) -> None:
        """Replace `name` of `owner`, if it has one; after `undo`, do nothing."""
        with self._lock:
            if not self._is_open:
                return
            swaps = self._swaps.setdefault((id(owner), name), [])
            if hasattr(owner, name) and not any(swap.redo() for swap in swaps):
                swaps.append(Swap(owner, name, make))
                del swaps[:-KEPT]

    def undo(self) -> None:
        """Put everything back."""
        with self._lock:
            self._is_open = False
            for swaps in self._swaps.values():
                for swap in swaps:
                    swap.undo()
