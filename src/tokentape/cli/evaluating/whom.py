"""Who is asked: targets by name, or every recorded model its own questions.

Each is in two steps: what can be wrong without the corpus is told before a large one is read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tokentape.cli.text import safe
from tokentape.errors import UsageError
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.cassettes.stores.base import Store
    from tokentape.cli.evaluating.options import Chosen
    from tokentape.evaluation.corpus.choosing import Corpus
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.drifting.own import Owners
    from tokentape.upstreams.upstream import Candidate, Upstream


@dataclass(frozen=True, slots=True)
class Sources:
    """What is there before the corpus is read."""

    answers: Store
    resolve: Callable[[str], Candidate]
    declared: Mapping[str, Upstream]


@dataclass(frozen=True, slots=True)
class Whom:
    """`folder`, `own` and `shares` as in `migrating.plan.Plan`."""

    targets: tuple[Candidate, ...]
    folder: str
    own: Callable[[Row], str] | None = None
    shares: Mapping[str, int] | None = None


def by_name(chosen: Chosen, sources: Sources) -> Callable[[Corpus], Whom]:
    """The targets that are named; else those that have answered."""
    from tokentape.evaluation.asking.answers import ANSWERS
    from tokentape.evaluation.migrating.places import targets_in

    names = [name.strip() for text in chosen.targets for name in text.split(",")]
    found = [sources.resolve(name) for name in names or targets_in(sources.answers)]
    if not found:
        place = chosen.answers or "beside the corpus"
        raise UsageError(f"no target has answered yet ({place}); ask one: tokentape migrate --target NAME")
    # One model may have several names.
    whom = Whom(tuple({each.label: each for each in found}.values()), ANSWERS)
    return lambda corpus: whom


def their_own(chosen: Chosen, sources: Sources) -> Callable[[Corpus], Whom]:
    """Every model of the corpus, where it was asked."""
    from tokentape.cassettes.stores.names import safe_name
    from tokentape.evaluation.drifting.own import Owners

    owners = Owners(sources.declared.values(), chosen.via)
    folder = f"drift/{safe_name(chosen.run or f'{datetime.now(UTC):%Y-%m-%d}')}"

    def found(corpus: Corpus) -> Whom:
        owned, nobodys = _owned(corpus, owners)
        for where, number in nobodys.most_common():
            click.echo(safe(f"not asked: {number} x {where}"), err=True)
        if not owned:
            raise UsageError("no recorded model can be asked again; declare where it is (--config, --via)")
        candidates = {name: sources.resolve(name) for name in owned}
        labels = {name: candidate.label for name, candidate in candidates.items()}
        shares: Counter[str] = Counter()
        for name, rows in owned.items():
            shares[labels[name]] += rows
        targets = {candidate.label: candidate for candidate in candidates.values()}
        return Whom(tuple(targets.values()), folder, lambda row: labels.get(owners.of(row), ""), shares)

    return found


def _owned(corpus: Corpus, owners: Owners) -> tuple[Counter[str], Counter[str]]:
    """How many rows each model has, and why how many belong to none."""
    owned: Counter[str] = Counter()
    nobodys: Counter[str] = Counter()
    for row in corpus:
        name = owners.of(row)
        if name:
            owned[name] += 1
        elif row.model is None:
            nobodys["the call names no model"] += 1
        else:
            nobodys[f"no upstream is known at {host_of(row.interaction.request.url)}"] += 1
    return owned, nobodys
