"""From columns to figures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from tokentape import __version__
from tokentape.evaluation.reporting.columns import QUANTITIES
from tokentape.evaluation.reporting.drift import drift_figures, drift_gate, drift_overall, drift_verdict
from tokentape.evaluation.reporting.figures import Between, Compared, Figures, TargetFigures
from tokentape.evaluation.reporting.gates import gate_results
from tokentape.evaluation.reporting.measuring import (
    distributions,
    groups,
    outcomes,
    rated,
    raw_sides,
    sides,
)
from tokentape.evaluation.reporting.pairing import corrected, of_verdicts, shared
from tokentape.evaluation.reporting.verdict import overall, target_verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.evaluation.reporting.about import About
    from tokentape.evaluation.reporting.figures import BaselineFigures
    from tokentape.evaluation.reporting.gates import Gates
    from tokentape.evaluation.reporting.tally import Tally

VERSION = 1
"""Of the report's form."""


def figured(tally: Tally, about: About, gates: Gates, baseline: BaselineFigures | None = None) -> Figures:
    """Everything that the report says, apart from its rows."""
    comparators = tally.comparators
    tally.fill_up()
    targets = _targets(tally, comparators)
    between = _between(tally, comparators) if about.kind == "migration" else ()
    results = gate_results(gates, targets, baseline)
    drift = drift_figures(tally) if about.kind == "drift" else None
    verdict = overall(targets, between, baseline, results)
    if drift is not None:
        targets = tuple(replace(target, verdict=drift_verdict(target, drift)) for target in targets)
        results = (*drift_gate(gates.drift, targets, drift), *results)
        verdict = drift_overall(targets, results, baseline)
    return Figures(
        tokentape_report=VERSION,
        tokentape=__version__,
        made_at=about.made_at,
        title=about.title,
        kind=about.kind,
        corpus=about.corpus,
        changes=about.changes,
        samples=about.samples,
        compare=tuple(comparators),
        prices=about.prices,
        verdict=verdict,
        targets=targets,
        between=between,
        baseline=baseline,
        drift=drift,
        gates=results,
    )


def _targets(tally: Tally, comparators: Sequence[str]) -> tuple[TargetFigures, ...]:
    """All quantities of all targets are one family of tests: `is any of them dearer, slower, longer?`"""
    answered = {name: target.columns.answered for name, target in tally.targets.items()}
    raws = [raw_sides(target.columns, answered[name]) for name, target in tally.targets.items()]
    every = [raw for each in raws for raw in each]
    compared = iter(corrected(every, [Compared] * len(every)))
    return tuple(
        _target(tally, name, answered[name], comparators, dict(zip(QUANTITIES, compared, strict=False)))
        for name in tally.targets
    )


def _target(
    tally: Tally,
    name: str,
    lines: Sequence[int],
    comparators: Sequence[str],
    compared: dict[str, Compared],
) -> TargetFigures:
    target = tally.targets[name]
    columns = target.columns
    rates = tuple(rated(each, target, lines) for each in comparators)
    both = {each: sides(columns, each, lines, compared[each]) for each in QUANTITIES}
    reasons = tuple((status, why, times) for (status, why), times in target.reasons.most_common())
    became = outcomes(columns)
    return TargetFigures(
        name=name,
        verdict=target_verdict(name, became, rates, both, reasons),
        outcomes=became,
        reasons=reasons,
        losses=tuple((path, what, why, n) for (path, what, why), n in target.losses.most_common()),
        comparators=rates,
        unpriced=tuple((why, times) for (why,), times in target.unpriced.most_common()),
        distributions=distributions(columns, lines),
        categories=groups(columns, columns.category, tally.categories.all(), comparators),
        models=groups(columns, columns.model, tally.models.all(), comparators),
        **both,
    )


def _between(tally: Tally, comparators: Sequence[str]) -> tuple[Between, ...]:
    """Every two targets by every comparator, over the rows and samples that both have."""
    makes, raws = [], []
    for one, other in combinations(tally.targets, 2):
        lines = shared(tally.targets[one].columns, tally.targets[other].columns)
        for name in comparators:
            before, after = (tally.targets[each].columns.verdicts[name] for each in (one, other))
            raw = of_verdicts(before, after, lines, baseline=one)
            if raw is not None:
                makes.append(partial(Between, one=one, other=other, comparator=name))
                raws.append(raw)
    return tuple(corrected(raws, makes))
