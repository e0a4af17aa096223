"""The verdict in words, before all figures: does it hold up, what breaks, what it costs, what is not known.

A comparator's rate is good where its whole interval is at or above `ENOUGH`, bad where all is below, and
else the data is not enough to say. A target is good if all of its comparators are, bad if one is and none is
good, mixed if both occur; it is never good while more than one question in ten has no answer.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.figures import Level, Said
from tokentape.evaluation.statistics.standing import Standing
from tokentape.evaluation.statistics.words import RATE, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.evaluation.reporting.figures import (
        BaselineFigures,
        Between,
        GateResult,
        Outcomes,
        Rate,
        Rated,
        Sides,
        TargetFigures,
    )

ENOUGH = 0.9
"""The share of rows that has to pass."""
MOST_MISSING = 0.1
"""The share of questions without an answer above which nothing is called good."""
MOST_BETWEEN = 20
"""Differences between targets that the verdict lists, the largest."""
NOT_ENOUGH = "not enough data to say"


def level_of(rate: Rate) -> Level:
    """What one rate lets one say."""
    if rate.passed + rate.failed == 0:
        return Level.NONE
    if rate.rate.low >= ENOUGH:
        return Level.GOOD
    return Level.BAD if rate.rate.high < ENOUGH else Level.UNSURE


def together(levels: Sequence[Level]) -> Level:
    """Several verdicts as one."""
    found = {level for level in levels if level is not Level.NONE}
    if not found:
        return Level.NONE
    if len(found) == 1:
        return found.pop()
    if Level.MIXED in found or {Level.GOOD, Level.BAD} <= found:
        return Level.MIXED
    return Level.BAD if Level.BAD in found else Level.UNSURE


def target_verdict(
    name: str,
    outcomes: Outcomes,
    rates: Sequence[Rated],
    sides: dict[str, Sides],
    reasons: Sequence[tuple[str, str, int]] = (),
) -> Said:
    """The verdict on one target."""
    levels = [level_of(rate) for rate in rates]
    level = together(levels)
    if level is Level.GOOD and is_too_little(outcomes):
        level = Level.UNSURE
    lines = [f"{rate.name}: {rate.sentence}" for rate in rates]
    lines += _costs(sides)
    lines += missing_lines(outcomes, reasons)
    return Said(level, _headline(name, level, outcomes, rates), tuple(lines))


def is_too_little(outcomes: Outcomes) -> bool:
    """True where so much has no answer that what was answered tells little."""
    return outcomes.missing > MOST_MISSING * outcomes.all


def missing_lines(outcomes: Outcomes, reasons: Sequence[tuple[str, str, int]]) -> list[str]:
    """What has no answer, and mostly why; nothing, where all has one."""
    return [f"{_missing(outcomes)}{_most_frequent(reasons)}"] if outcomes.missing else []


def _headline(name: str, level: Level, outcomes: Outcomes, rates: Sequence[Rate]) -> str:
    judged = [rate for rate in rates if rate.passed + rate.failed]
    if not outcomes.answered:
        return f"{name}: nothing was compared, since there is no answer"
    if not judged:
        return f"{name}: no comparator says what would be enough; the scores are below"
    worst = _worst(judged, Level.BAD if level is Level.MIXED else level)
    lowest = f"{worst.name} passes {figure(worst.rate, beside=ENOUGH)}"
    if level is Level.GOOD:
        return f"{name} holds up: {lowest}{', the lowest rate' if len(judged) > 1 else ''}"
    if level is Level.BAD:
        return f"{name} breaks {_breaks(worst)}: {lowest}"
    if level is Level.MIXED:
        held = ", ".join(rate.name for rate in judged if level_of(rate) is Level.GOOD)
        return f"{name} holds up by {held} and breaks {_breaks(worst)}: {lowest}"
    if all(level_of(rate) is Level.GOOD for rate in judged):
        return f"{name}: {NOT_ENOUGH}: what was answered holds up, but {_missing(outcomes)}"
    return f"{name}: {NOT_ENOUGH} whether {RATE.figure(ENOUGH, 0)} pass: {lowest}"


def _worst(judged: Sequence[Rate], level: Level) -> Rate:
    """The lowest rate of those that the verdict is about."""
    about = [rate for rate in judged if level_of(rate) is level] or judged
    return min(about, key=lambda rate: rate.rate.value or 0.0)


def _breaks(rate: Rate) -> str:
    judged = rate.passed + rate.failed
    return f"{rate.failed} of {judged} answer{'s' if judged != 1 else ''}"


def _costs(sides: dict[str, Sides]) -> list[str]:
    lines = []
    cost = sides["cost"]
    if not cost.rows:
        lines.append("cost: not known, since no answer has a price on both sides")
    else:
        lines.append(f"cost: {money(cost.before)} before, {money(cost.after)} now{_part(cost)}")
    for name, what in (("tokens_out", "output tokens"), ("seconds", "time")):
        found = sides[name]
        if found.rows and found.before is not None and found.after is not None:
            before, after = (
                (f"{each:,.0f}" if name == "tokens_out" else f"{each:.3g} s on average")
                for each in (found.before, found.after)
            )
            lines.append(f"{what}: {before} before, {after} now{_part(found)}")
    return lines


def _part(sides: Sides) -> str:
    """What the comparison says, and of how many rows."""
    times = "" if sides.ratio is None else f" ({times_as_much(sides.ratio)})"
    return f"{times}{_by_chance(sides)}{_left_out(sides)}"


def _by_chance(sides: Sides) -> str:
    is_open = sides.compared.standing is Standing.UNKNOWN and sides.compared.differ
    return f"; {NOT_ENOUGH} whether that is chance" if is_open else ""


def _left_out(sides: Sides) -> str:
    if not sides.missing:
        return ""
    answers = "1 answer" if sides.missing == 1 else f"{sides.missing} answers"
    return f"; without {answers} where one side is not known"


def times_as_much(ratio: float, most: float = 1.0) -> str:
    """`0.31 times as much`, with more digits where three would tell more than `most` as no more than that."""
    if ratio == 1:
        return "the same"
    written = (f"{Decimal(f'{ratio:.{digits}g}'):f}" for digits in range(3, 18))
    honest = (
        each for each in written if float(each) != 1 and exceeds(float(each), most) == exceeds(ratio, most)
    )
    return f"{next(honest, repr(ratio))} times as much"


def exceeds(ratio: float, most: float) -> bool:
    """True for more than `most`, beyond the rounding of floats."""
    return ratio > most * (1 + 1e-9)


def money(usd: float | None) -> str:
    """`$12.30`, `$0.0123`; "not known"."""
    if usd is None:
        return "not known"
    return f"${usd:,.2f}" if usd >= 1 or usd == 0 else f"${Decimal(f'{usd:#.3g}'):f}"


def _missing(outcomes: Outcomes) -> str:
    """`3 of 200 questions have no answer: 2 skipped, 1 left`."""
    kinds = ("skipped", "unanswered", "left")
    found = ", ".join(f"{count} {kind}" for kind in kinds if (count := getattr(outcomes, kind)))
    return f"{outcomes.missing} of {outcomes.all} questions have no answer: {found}"


def _most_frequent(reasons: Sequence[tuple[str, str, int]]) -> str:
    found = [(reason, times) for status, reason, times in reasons if status != "answered"]
    return f"; most often: {found[0][0]} ({found[0][1]})" if found else ""


def overall(
    targets: Sequence[TargetFigures],
    between: Sequence[Between],
    baseline: BaselineFigures | None,
    gates: Sequence[GateResult],
) -> Said:
    """The verdict on all targets, with the gates that failed."""
    level, headline = together([target.verdict.level for target in targets]), _of_all(targets)
    lines = [_in_short(target) for target in targets]
    if len(targets) == 1:
        lines = [*targets[0].verdict.lines]
    lines += _differences(between)
    if baseline is not None:
        lines += baseline_lines(baseline)
    failed = sum(not gate.passed for gate in gates)
    if failed:
        level, headline = Level.BAD, f"{failed} of {len(gates)} gates failed; {headline}"
    return Said(level, headline, tuple(lines))


def _in_short(target: TargetFigures) -> str:
    """One of several targets in one line."""
    missing = target.outcomes.missing
    without = f"; {_missing(target.outcomes)}" if missing and target.outcomes.answered else ""
    return f"{target.verdict.headline}; {_cost_in_short(target.cost)}{without}"


def _cost_in_short(cost: Sides) -> str:
    if not cost.rows:
        return "its cost is not known"
    from_nothing = f"{money(cost.after)}, and the recorded answers {money(cost.before)}"
    times = from_nothing if cost.ratio is None else times_as_much(cost.ratio)
    return f"it costs {times}{_by_chance(cost)}{_left_out(cost)}"


def baseline_lines(baseline: BaselineFigures) -> list[str]:
    """What the comparison with an earlier report says, and what it could not compare."""
    lines = [f"{each.target}, {each.comparator}: {each.sentence}" for each in baseline.comparisons]
    left_out = without_counterpart(baseline)
    return [*lines, f"beside the earlier report: {left_out}"] if left_out else lines


def without_counterpart(baseline: BaselineFigures) -> str:
    """`left out: 3 only in this report, 12 only in the earlier one`; "" where both have the same."""
    found = ((baseline.only_now, "this report"), (baseline.only_then, "the earlier one"))
    parts = [f"{count} only in {where}" for count, where in found if count]
    return f"left out: {', '.join(parts)}" if parts else ""


def _of_all(targets: Sequence[TargetFigures]) -> str:
    if not targets:
        return "nothing was asked"
    if len(targets) == 1:
        return targets[0].verdict.headline
    by_level = {level: [t.name for t in targets if t.verdict.level is level] for level in Level}
    said = (
        f"{len(names)} {_WORDS[level][len(names) > 1]} ({', '.join(names)})"
        for level, names in by_level.items()
        if names
    )
    return f"of {len(targets)} targets, {', '.join(said)}"


_WORDS = {
    Level.GOOD: ("holds up", "hold up"),
    Level.MIXED: ("partly holds up", "partly hold up"),
    Level.BAD: ("breaks answers", "break answers"),
    Level.UNSURE: ("leaves open whether it holds up", "leave open whether they hold up"),
    Level.NONE: ("cannot be judged", "cannot be judged"),
}
"""Of one target, and of several."""


def _differences(between: Sequence[Between]) -> list[str]:
    """Which targets can be told apart, and which cannot."""
    told = (Standing.HIGHER, Standing.LOWER)
    found = [each for each in between if each.standing in told]
    if len(found) > MOST_BETWEEN:
        found.sort(key=lambda each: -abs(each.difference.value or 0.0))
    lines = [f"{each.comparator}: {each.other} is {each.sentence}" for each in found[:MOST_BETWEEN]]
    if len(found) > MOST_BETWEEN:
        lines.append(f"between targets: {len(found) - MOST_BETWEEN} smaller differences are not listed here")
    unsure = sum(each.standing is Standing.UNKNOWN for each in between)
    if unsure:
        many = "comparison" if len(between) == 1 else "comparisons"
        lines.append(f"between targets: {NOT_ENOUGH} in {unsure} of {len(between)} {many}")
    return lines
