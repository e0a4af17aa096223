"""Replacing one attribute of a class, and putting it back only where the replacement is still ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[["Patch", Callable[..., object]], Callable[..., object]]


class Patch:
    """One replaced attribute. `is_on` tells the replacement whether to do anything at all.

    Somebody may patch over us, or put back what they saved, with or without ours in it. So `undo` restores
    only what is ours, and a replacement that cannot be removed goes to sleep. `redo` wakes it where it
    stands; anywhere else nobody can tell whether it is still called, so it sleeps on under a new one.
    """

    __slots__ = ("_above", "_make", "is_on", "name", "original", "owner", "replacement")

    def __init__(self, owner: type, name: str, make: Make) -> None:
        """`make(patch, original)` returns the replacement."""
        self.owner, self.name = owner, name
        self.is_on = False
        self.original: Callable[..., object] = vars(owner)[name]
        self.replacement = make(self, self.original)
        self._make = make
        self._above: Patch | None = None
        self.redo()

    @property
    def is_in_place(self) -> bool:
        """True while this one, or the one over it, is on."""
        return self.is_on or (self._above is not None and self._above.is_in_place)

    def redo(self) -> None:
        """Have a replacement of ours called, once, whatever others did to the attribute meanwhile."""
        if self.is_in_place and not self._is_gone():
            return
        if self._current() in (self.original, self.replacement):
            self._drop_above()
            self.is_on = True
            setattr(self.owner, self.name, self.replacement)
        elif self._above is not None:
            self._above.redo()
        else:
            self.is_on = False
            self._above = Patch(self.owner, self.name, self._make)

    def undo(self) -> bool:
        """Put the original back. False if somebody else's patch is on top: ours then sleeps under it."""
        self.is_on = False
        if self._above is not None and self._above.undo():
            self._drop_above()
        if self._current() is self.replacement:
            setattr(self.owner, self.name, self.original)
        return self._current() is self.original

    def _drop_above(self) -> None:
        """Forget the one over this: wherever somebody keeps it, it does nothing any more."""
        if self._above is not None:
            self._above.undo()
            self._above = None

    def _current(self) -> object:
        return vars(self.owner).get(self.name)

    def _is_gone(self) -> bool:
        """True if what stands there is the original: somebody took ours away."""
        return self._current() is self.original
