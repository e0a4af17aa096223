"""Comparisons of the same lines, and their p-values corrected together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tokentape.evaluation.reporting.columns import Mark
from tokentape.evaluation.reporting.figures import Compared
from tokentape.evaluation.statistics.comparison import Comparison, compare_means, compare_rates
from tokentape.evaluation.statistics.corrections import holm
from tokentape.evaluation.statistics.standing import Judgement, judged
from tokentape.evaluation.statistics.words import RATE, SCORE, Unit, compared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.evaluation.reporting.columns import Columns, Verdicts

C = TypeVar("C", bound=Compared)

MATTERS_SCORE = 0.05
"""A change of a mean score that matters."""
MATTERS_SHARE = 0.1
"""A change of money, tokens or time that matters: so much of the recorded mean."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A comparison before its p is corrected, how its figures are written, and what it is compared with."""

    found: Comparison
    unit: Unit
    baseline: str


def corrected(raws: Sequence[Raw], makes: Sequence[Callable[..., C]]) -> list[C]:
    """All of them as one family of tests (Holm), each made by its one of `makes`: `Compared`, or what also
    says of what it is.
    """
    p_values = iter(holm([raw.found.p for raw in raws if _is_a_test(raw)]))
    corrections = [next(p_values) if _is_a_test(raw) else 1.0 for raw in raws]
    return [_compared(*each) for each in zip(raws, corrections, makes, strict=True)]


def _is_a_test(raw: Raw) -> bool:
    """True with rows to compare: what cannot find anything is no chance to err."""
    return raw.found.difference.value is not None


def _compared(raw: Raw, p: float, make: Callable[..., C]) -> C:
    found = raw.found
    judgement = judged(found, p=p)
    return make(
        before=found.before,
        after=found.after,
        difference=found.difference,
        differ=found.differ,
        p=found.p,
        p_corrected=p,
        detectable=found.detectable,
        matters=found.matters,
        needed=found.needed if math.isfinite(found.needed) else None,
        standing=judgement.standing,
        sentence=_sentence(raw, judgement),
    )


def _sentence(raw: Raw, judgement: Judgement) -> str:
    found = raw.found
    rows = found.clustering.rows
    if rows and not found.differ and not found.difference.is_bounded:
        return "the same in the only answer" if rows == 1 else f"the same in all {rows} answers"
    return compared(found, judgement, unit=raw.unit, baseline=raw.baseline)


def shared(one: Columns, other: Columns) -> list[tuple[int, int, int]]:
    """The lines that two targets have of the same row and sample, with the cluster."""
    there = {key: line for line, key in enumerate(zip(other.row, other.sample, strict=True))}
    return [
        (line, there[key], one.cluster[line])
        for line, key in enumerate(zip(one.row, one.sample, strict=True))
        if key in there
    ]


def of_amounts(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[int], unit: Unit, baseline: str
) -> Raw:
    """Money, tokens or seconds, line by line; what nobody knows was left out."""
    mean = math.fsum(before) / len(before) if before else 0.0
    found = compare_means(before, after, clusters, matters=MATTERS_SHARE * mean)
    return Raw(found, unit, baseline)


def of_verdicts(
    before: Verdicts,
    after: Verdicts,
    lines: Sequence[tuple[int, int, int]],
    baseline: str,
) -> Raw | None:
    """Two columns of one comparator. `lines` are (line before, line after, cluster). Rates are compared where
    both lines were judged; if none were, mean scores. None where there is nothing to compare.
    """
    both = [
        (before.marks[was] == Mark.PASSED, after.marks[now] == Mark.PASSED, cluster)
        for was, now, cluster in lines
        if before.marks[was] >= Mark.FAILED and after.marks[now] >= Mark.FAILED
    ]
    if both:
        was, now, clusters = zip(*both, strict=True)
        return Raw(compare_rates(was, now, clusters), RATE, baseline)
    scores = [
        (before.scores[was], after.scores[now], cluster)
        for was, now, cluster in lines
        if not (math.isnan(before.scores[was]) or math.isnan(after.scores[now]))
    ]
    if not scores:
        return None
    was_at, now_at, clusters = zip(*scores, strict=True)
    found = compare_means(was_at, now_at, clusters, matters=MATTERS_SCORE, largest=1.0)
    return Raw(found, SCORE, baseline)
