"""A time to be left alone, and why. It holds no word of a provider: error texts may echo a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.upstreams.failures import DEAD, KEY_FAILURES, SERVER_FAILURES

if TYPE_CHECKING:
    from tokentape.upstreams.failures import FailureClass


@dataclass(frozen=True, slots=True)
class Rest:
    """From `since` until `until`, by the clock. `told`: for as long as the provider asked, so that a success
    of another call does not end it.
    """

    since: float
    until: float
    kind: FailureClass
    told: bool = False

    @property
    def is_dead(self) -> bool:
        """True if waiting does not mend it."""
        return self.kind in DEAD

    @property
    def is_limit(self) -> bool:
        """True if something is used up, for a while."""
        return self.kind in KEY_FAILURES and not self.is_dead


def later(old: Rest | None, new: Rest) -> Rest:
    """The one that ends later: what another call learned never shortens a rest."""
    return new if old is None or new.until >= old.until else old


def after_success(rest: Rest | None, begun: float) -> Rest | None:
    """What is left of a rest once a call that began at `begun` has succeeded.

    One that the provider asked for runs its time. One after failures of the server ends: the server works.
    Any other (a refused key, a limit) is disproved only by a call that began later.
    """
    if rest is None or rest.told:
        return rest
    return None if rest.kind in SERVER_FAILURES or begun >= rest.since else rest


def active(rest: Rest | None, now: float) -> Rest | None:
    """The rest, if it is not over."""
    return rest if rest is not None and rest.until > now else None
