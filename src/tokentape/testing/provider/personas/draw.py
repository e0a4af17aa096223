"""Chance that is none: numbers that are a function of names, the same in every run and in any order."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Draw:
    """What is drawn for these names (a seed, a model, a question)."""

    def __init__(self, *names: str) -> None:
        self._state = blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=16)

    def share(self, what: str) -> float:
        """A number from 0 up to 1; another one for another thing to be decided."""
        state = self._state.copy()
        state.update(b"\0" + what.encode())
        return int.from_bytes(state.digest()[:7], "big") / 256**7

    def falls(self, what: str, share: float) -> bool:
        """Whether this is one of the cases that make up such a share of all. A larger share holds the cases
        of a smaller one.
        """
        return self.share(what) < share

    def pick(self, what: str, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[int(self.share(what) * len(choices))]
