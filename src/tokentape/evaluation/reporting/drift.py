"""Drift: does a model still answer as it was recorded, beyond what its answers differ among themselves?

Answer k of today is compared with the recorded one, and with answer 1 of today. Both verdicts are of the same
answer, so they are paired: a model whose own answers differ as much has not drifted, it is noisy.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.columns import Mark
from tokentape.evaluation.reporting.figures import Drifted, DriftFigures, GateResult, Level, Said
from tokentape.evaluation.reporting.measuring import rate
from tokentape.evaluation.reporting.pairing import corrected, of_verdicts, shared
from tokentape.evaluation.reporting.verdict import baseline_lines, is_too_little, missing_lines
from tokentape.evaluation.statistics.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.evaluation.reporting.columns import Columns
    from tokentape.evaluation.reporting.figures import BaselineFigures, Rate, TargetFigures
    from tokentape.evaluation.reporting.tally import Tally

NOISE = "what its own answers agree in"


def drift_figures(tally: Tally) -> DriftFigures:
    """One family of tests over all targets and comparators. Targets without a second answer have none."""
    makes, raws = [], []
    for target, noise in tally.noise.items():
        now = tally.targets[target].columns
        lines = shared(noise.columns, now)
        for name, verdicts in noise.columns.verdicts.items():
            raw = of_verdicts(verdicts, now.verdicts[name], lines, NOISE)
            if raw is not None:
                changed = _changed(noise.columns, now, name)
                makes.append(partial(Drifted, target=target, comparator=name, changed=changed))
                raws.append(raw)
    rates = tuple((target, tuple(_rates(found.columns))) for target, found in tally.noise.items())
    return DriftFigures(tuple(corrected(raws, makes)), rates)


def _rates(columns: Columns) -> Iterator[Rate]:
    lines = columns.answered
    yield from (rate(name, verdicts, lines, columns) for name, verdicts in columns.verdicts.items())


def _changed(noise: Columns, now: Columns, name: str) -> int:
    """Rows of which today's answers agree with each other, and none with the recorded one."""
    agree, apart = _rows(noise, name, Mark.PASSED), _rows(now, name, Mark.FAILED)
    return len(agree & apart)


def _rows(columns: Columns, name: str, mark: Mark) -> set[int]:
    """Rows of which all lines have that mark."""
    marks = columns.verdicts[name].marks
    found = {row for line, row in enumerate(columns.row) if marks[line] == mark}
    return found - {row for line, row in enumerate(columns.row) if marks[line] != mark}


def drift_verdict(target: TargetFigures, drift: DriftFigures) -> Said:
    """The verdict on one target, in place of that on a migration."""
    found = [each for each in drift.comparisons if each.target == target.name]
    lines = [f"{each.comparator}: agreement with the recording is {each.sentence}" for each in found]
    lines += [
        f"{each.comparator}: {each.changed} rows are answered otherwise, and each time alike"
        for each in found
        if each.changed
    ]
    lines += [f"{each.name}: {each.sentence}" for each in target.comparators]
    lines += missing_lines(target.outcomes, target.reasons)
    return Said(*_level(target, found), tuple(lines))


def _level(target: TargetFigures, found: Sequence[Drifted]) -> tuple[Level, str]:
    standings = {each.standing for each in found}
    if not target.outcomes.answered:
        return Level.NONE, f"{target.name}: nothing was compared, since there is no answer"
    if not found:
        two = "no question has two answers that a comparator judges"
        return Level.UNSURE, f"{target.name}: {two}, so its noise is not known"
    if Standing.LOWER in standings:
        names = ", ".join(each.comparator for each in found if each.standing is Standing.LOWER)
        return Level.BAD, f"{target.name} has drifted, beyond its own noise ({names})"
    if Standing.UNKNOWN in standings:
        return Level.UNSURE, f"{target.name}: not enough data to say whether it has drifted"
    if is_too_little(target.outcomes):
        return (
            Level.UNSURE,
            f"{target.name}: what was answered has not drifted, but too much was not answered",
        )
    return Level.GOOD, f"{target.name} answers as it was recorded, to within its own noise"


def drift_overall(
    targets: Sequence[TargetFigures], gates: Sequence[GateResult], baseline: BaselineFigures | None = None
) -> Said:
    """The verdict on all of them, the worst first. A gate that failed makes it bad."""
    order = (Level.BAD, Level.UNSURE, Level.NONE, Level.MIXED, Level.GOOD)
    said = sorted((target.verdict for target in targets), key=lambda each: order.index(each.level))
    if not said:
        return Said(Level.NONE, "nothing was asked")
    failed = tuple(f"failed: {gate.gate}: {gate.why}" for gate in gates if not gate.passed)
    level, head, lines = said[0].level, said[0].headline, said[0].lines
    if len(said) > 1:
        lines = tuple(line for each in said for line in (each.headline, *each.lines))
        drifted = sum(each.level is Level.BAD for each in said)
        head = f"{drifted} of {len(said)} models have drifted" if drifted else head
    if failed and level is not Level.BAD:
        level, head = Level.BAD, f"{len(failed)} of {len(gates)} gates failed; {head}"
    return Said(level, head, (*failed, *lines, *(baseline_lines(baseline) if baseline else ())))


def drift_gate(
    fails_on: str, targets: Sequence[TargetFigures], drift: DriftFigures
) -> tuple[GateResult, ...]:
    """The condition that `tokentape drift` ends by."""
    name = f"drift ({fails_on})"
    if fails_on == "never":
        return ()
    missing = any(target.outcomes.unanswered or target.outcomes.left for target in targets)
    if fails_on == "any":
        return (_any_differs(name, targets, missing=missing),)
    if not (drift.comparisons or missing):
        return (GateResult(name, False, "there is nothing to go by: no question has two answers to judge"),)
    lower = [each for each in drift.comparisons if each.standing is Standing.LOWER]
    why = "; ".join(f"{each.target}, {each.comparator}: {each.sentence}" for each in lower)
    return (GateResult(name, not lower, why or "no comparison shows drift beyond the noise"),)


def _any_differs(name: str, targets: Sequence[TargetFigures], *, missing: bool) -> GateResult:
    rates = [(target.name, each) for target in targets for each in target.comparators]
    judged = sum(each.passed + each.failed for _, each in rates)
    if not judged:
        return GateResult(name, missing, "there is nothing to go by: no answer was judged")
    failed = [f"{target}: {each.name} fails {each.failed} times" for target, each in rates if each.failed]
    return GateResult(
        name, not failed, "; ".join(failed) or f"all {judged} verdicts agree with the recording"
    )
