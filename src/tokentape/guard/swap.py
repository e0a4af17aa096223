"""Replacing a function of a class or module, also an inherited one, and putting it back where it is ours."""

from __future__ import annotations

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
    """All that one part of the guard replaced. The same attribute of the same object is replaced once."""

    def __init__(self) -> None:
        self._swaps: list[Swap] = []

    def put(self, owner: type | ModuleType, name: str, make: Make) -> None:
        """Replace `name` of `owner`, if it has one."""
        for swap in self._swaps:
            if swap.owner is owner and swap.name == name:
                swap.redo()
                return
        if hasattr(owner, name):
            self._swaps.append(Swap(owner, name, make))

    def undo(self) -> None:
        """Put everything back; what is under somebody else's replacement is kept, asleep."""
        self._swaps = [swap for swap in self._swaps if not swap.undo()]
