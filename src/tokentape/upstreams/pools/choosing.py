"""Which credential goes next: by tier, then by the upstream's way of selection, the used-up ones last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.upstreams.pools.keys import Key
    from tokentape.upstreams.upstream import Selection

    Random = Callable[[], float]


def ordered(
    keys: Sequence[Key],
    selection: Selection,
    *,
    used_up: Callable[[Key], bool],
    tolerance: float,
    random: Random,
    first: str | None = None,
) -> list[Key]:
    """The keys in the order in which they are to be asked. `first` names one that goes before all."""
    found: list[Key] = []
    for priority in sorted({key.credential.priority for key in keys}):
        tier = [key for key in keys if key.credential.priority == priority]
        spent = [key for key in tier if used_up(key)]
        fresh = [key for key in tier if key not in spent]
        for part in (fresh, spent):
            found += _ways[selection](part, tolerance, random)
    return sorted(found, key=lambda key: key.credential.name != first) if first else found


def _sequential(keys: list[Key], _tolerance: float, _random: Random) -> list[Key]:
    """As they were declared: a key is used until it cannot be."""
    return keys


def _balanced(keys: list[Key], tolerance: float, random: Random) -> list[Key]:
    """The least used first; with a tolerance by lot, the chances growing with how far behind one is."""
    if not tolerance:
        return sorted(keys, key=lambda key: key.uses)
    left, found = list(keys), []
    while left:
        most = max(key.uses for key in left)
        chances = [most - key.uses + tolerance for key in left]
        found.append(left.pop(drawn(chances, random)))
    return found


def _least_busy(keys: list[Key], _tolerance: float, _random: Random) -> list[Key]:
    """The one with the fewest calls in flight; among equals the least used."""
    return sorted(keys, key=lambda key: (key.in_flight, key.uses))


_ways = {"sequential": _sequential, "balanced": _balanced, "least_busy": _least_busy}


def drawn(chances: Sequence[float], random: Random) -> int:
    """A position by lot, with those chances; the last one where there are none."""
    point = random() * sum(chances)
    for place, chance in enumerate(chances):
        point -= chance
        if point < 0:
            return place
    return len(chances) - 1
