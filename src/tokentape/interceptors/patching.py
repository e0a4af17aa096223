"""Replacing one attribute of a class, and putting it back only where the replacement is still ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Patch:
    """One replaced attribute. `is_on` tells the replacement whether to do anything at all.

    Somebody may patch over us, or put back what they saved: so `undo` restores only what is ours, a
    replacement that cannot be removed goes to sleep, and `redo` wakes it instead of wrapping twice.
    """

    __slots__ = ("is_on", "name", "original", "owner", "replacement")

    def __init__(
        self, owner: type, name: str, make: Callable[[Patch, Callable[..., object]], Callable[..., object]]
    ) -> None:
        """`make(patch, original)` returns the replacement."""
        self.owner, self.name = owner, name
        self.is_on = False
        self.original: Callable[..., object] = vars(owner)[name]
        self.replacement = make(self, self.original)
        self.redo()

    def redo(self) -> None:
        """Put the replacement in place, unless it is there, or sits under somebody else's patch."""
        self.is_on = True
        if vars(self.owner).get(self.name) is self.original:
            setattr(self.owner, self.name, self.replacement)

    def undo(self) -> bool:
        """Put the original back. False if somebody else's patch is on top: ours then sleeps under it."""
        self.is_on = False
        if vars(self.owner).get(self.name) is self.replacement:
            setattr(self.owner, self.name, self.original)
        return vars(self.owner).get(self.name) is self.original
