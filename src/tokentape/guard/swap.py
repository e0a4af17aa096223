"""Replacing a function of a class or module, also an inherited one, and putting it back where it is ours."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Function = Callable[..., object]
    Make = Callable[["Swap"], Function]

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

    def redo(self) -> None:
        """Put the replacement in place, unless it is there, or sits under somebody else's."""
        self.is_on = True
        if vars(self.owner).get(self.name, _NOT_THERE) is self._own:
            setattr(self.owner, self.name, self.replacement)

    def undo(self) -> bool:
        """Put back what was there. False if somebody else's is on top: ours then sleeps under it."""
        self.is_on = False
        if vars(self.owner).get(self.name) is self.replacement:
            if self._own is _NOT_THERE:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, self._own)
        return vars(self.owner).get(self.name, _NOT_THERE) is self._own


class Swaps:
    """All that the guard replaced. The same attribute of the same object is replaced once.

    The lock is taken last and held for no call of others: a module may be imported by another thread, which
    waits here while somebody waits for that import.
    """

    def __init__(self) -> None:
        self._swaps: list[Swap] = []
        self._lock = threading.Lock()
        self._is_open = False

    def open(self) -> None:
        """From here on `put` replaces."""
        with self._lock:
            self._is_open = True

    def put(self, owner: type | ModuleType, name: str, make: Make) -> None:
        """Replace `name` of `owner`, if it has one; after `undo`, do nothing."""
        with self._lock:
            if self._is_open and not self._redone(owner, name) and hasattr(owner, name):
                self._swaps.append(Swap(owner, name, make))

    def _redone(self, owner: type | ModuleType, name: str) -> bool:
        for swap in self._swaps:
            if swap.owner is owner and swap.name == name:
                swap.redo()
                return True
        return False

    def undo(self) -> None:
        """Put everything back; what is under somebody else's replacement is kept, asleep."""
        with self._lock:
            self._is_open = False
            self._swaps = [swap for swap in self._swaps if not swap.undo()]
