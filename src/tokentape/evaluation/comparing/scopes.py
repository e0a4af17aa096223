"""Which part of a JSON value counts: `category`, `items[*].id`, `meta.source`, with all that is below.

Paths are written as elsewhere (`matching.paths`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.plain import in_short
from tokentape.matching.paths import ANY, DEEP, name_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.matching.paths import Path
    from tokentape.wire.interaction import Json

Place = tuple["Place", str | int] | None
"""Where a value stands: the place of what holds it, and the last step. None: the root."""

_LONG = 60
"""Characters of a name in a path."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What counts from one value downwards. `inside`: all of it. `paths` are what is left of paths that end
    further down, with their numbers; `met` the numbers of those that end here.
    """

    inside: bool = True
    paths: tuple[tuple[int, Path], ...] = ()
    met: frozenset[int] = frozenset()

    @property
    def is_decided(self) -> bool:
        """True if all that is below counts, or nothing."""
        return self.inside or not self.paths

    def narrowed(self, step: str | int, entry: Json = None) -> Scope:
        """The scope one step down; `entry` is the value there, whose name may stand for its position."""
        if self.inside:
            return ALL
        if not self.paths:
            return self
        left = tuple(_after(self.paths, step, name_of(entry) if isinstance(step, int) else None))
        met = frozenset(number for number, path in left if not path)
        return Scope(bool(met), () if met else left, met | {number for number, _ in left} if met else met)


ALL = Scope()


def scope_of(paths: Iterable[str]) -> Scope:
    """The scope that paths make; of none, everything. Raises `UsageError` for one that cannot be read."""
    read = tuple(enumerate(map(steps_of, paths)))
    return Scope(inside=False, paths=read) if read else ALL


def _after(
    paths: Iterable[tuple[int, Path]], step: str | int, name: str | None
) -> Iterator[tuple[int, Path]]:
    for number, path in paths:
        head = path[0]
        if head == DEEP:
            yield number, path
            yield from _after([(number, path[1:])], step, name)
        elif head in (step, ANY) or (name is not None and head == name):
            yield number, path[1:]


def place_of(steps: Iterable[str | int]) -> Place:
    """The place that steps from the root lead to."""
    place: Place = None
    for step in steps:
        place = (place, step)
    return place


def written(place: Place) -> str:
    """`items[0].id`, as a scope is written; `$` for the root."""
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(_step(step))
    return "".join(reversed(steps)).removeprefix(".") or "$"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    name = step if len(step) <= _LONG else f"{step[:_LONG]}..."
    return f".{name}" if name.isidentifier() else f"[{in_short(name)}]"
