"""The fair cycle: a key that was used up goes behind the others of its tier until they are, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.upstreams.pools.keys import Key


def is_used_up(key: Key, group: str, now: float) -> bool:
    """True if it is not its turn yet."""
    state = key.groups.get(group)
    return state is not None and state.used_up > now


def turn(keys: Sequence[Key], group: str, now: float) -> None:
    """Begin a new cycle in each tier whose keys are all used up. `keys`: all of the upstream's."""
    for priority in {key.credential.priority for key in keys}:
        tier = [key for key in keys if key.credential.priority == priority]
        if all(is_used_up(key, group, now) for key in tier):
            for key in tier:
                key.groups[group].used_up = 0.0
