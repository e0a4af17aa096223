"""The order of a call's targets: by rank, by lot and weight among equals, the bound credential's first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.pools.choosing import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.upstreams.upstream import Candidate, Upstream


def credential_of(affinity: str | None, upstream: Upstream) -> str | None:
    """The credential of that upstream that a call is bound to: "upstream#name", or a bare name."""
    if affinity is None:
        return None
    place, mark, name = affinity.rpartition("#")
    if mark and place != upstream.name:
        return None
    return name if any(one.name == name for one in upstream.credentials) else None


def in_order(
    candidates: Sequence[Candidate], random: Callable[[], float], affinity: str | None
) -> list[Candidate]:
    """The targets as they are to be asked. One of weight 0 comes after the others of its rank."""
    if len(candidates) == 1:
        return list(candidates)
    found: list[Candidate] = []
    for rank in sorted({candidate.rank for candidate in candidates}):
        equals = [candidate for candidate in candidates if candidate.rank == rank]
        bound = [one for one in equals if credential_of(affinity, one.upstream) is not None]
        found += bound
        found += _shuffled([one for one in equals if one not in bound], random)
    return found


def _shuffled(equals: list[Candidate], random: Callable[[], float]) -> list[Candidate]:
    weighed = [one for one in equals if one.weight > 0]
    found = []
    while len(weighed) > 1:
        found.append(weighed.pop(drawn([one.weight for one in weighed], random)))
    return found + weighed + [one for one in equals if one.weight <= 0]
