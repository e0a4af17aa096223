"""Conditions on a report, for a command to fail by: `--strict`, `--min-pass`, `--max-cost-ratio`,
`--baseline`. Each says in words, with figures, why it holds or fails; one that has nothing to go by fails.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.evaluation.reporting.figures import GateResult
from tokentape.evaluation.reporting.verdict import exceeds, money, times_as_much, without_counterpart
from tokentape.evaluation.statistics.standing import Standing
from tokentape.evaluation.statistics.words import RATE, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tokentape.evaluation.reporting.figures import BaselineFigures, Rated, TargetFigures

DRIFT = ("significant", "any", "never")
"""What fails a report on drift: drift beyond the noise; any answer that differs; neither."""

_SHARE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class MinPass:
    """`share` of the answers that `name` judges shall pass; `name` is a comparator's, or its first word. The
    share is exact: 999 of 1000 are 99.9 %, which they are not in floats.
    """

    name: str
    share: Fraction
    text: str

    @classmethod
    def of(cls, text: str, comparators: Sequence[str] | None = None) -> MinPass:
        """From `json=0.9` or `json=90%`. Raises `UsageError` for anything else, and for a comparator that is
        not among those of the run, where these are given.
        """
        name, sign, written = text.rpartition("=")
        name = name.strip()
        if not (sign and name):
            raise UsageError(f"--min-pass {text!r}: write a comparator and a share, as json=0.9")
        found = _SHARE.fullmatch(written.strip())
        share = Fraction(found["number"]) / (100 if found["percent"] else 1) if found else None
        if share is None or share > 1:
            raise UsageError(f"--min-pass {text!r}: {written.strip()!r} is no share between 0 and 1")
        if comparators is not None and not any(is_meant(name, each) for each in comparators):
            known = ", ".join(comparators) or "none"
            raise UsageError(f"--min-pass {text!r}: {name!r} does not compare here; there are: {known}")
        return cls(name, share, text)


def is_meant(name: str, comparator: str) -> bool:
    """True for the comparator's name, and for the word before its arguments."""
    return name in (comparator, comparator.partition(":")[0])


@dataclass(frozen=True, slots=True)
class Gates:
    """What has to hold. `baseline` is the earlier report's file, as it was given."""

    strict: bool = False
    min_pass: tuple[MinPass, ...] = ()
    max_cost_ratio: float | None = None
    baseline: str | None = None
    drift: str = "significant"
    """Of a report on drift: one of `DRIFT`."""

    @classmethod
    def of(
        cls,
        *,
        strict: bool = False,
        min_pass: Iterable[str] = (),
        max_cost_ratio: str | float | None = None,
        baseline: str | None = None,
        drift: str = "significant",
        comparators: Sequence[str] | None = None,
    ) -> Gates:
        """From what the command line gives. Raises `UsageError`, in one line."""
        shares = tuple(MinPass.of(text, comparators) for text in min_pass)
        ratio = None if max_cost_ratio is None else _ratio(max_cost_ratio)
        return cls(strict, shares, ratio, baseline, drift)


def _ratio(given: str | float) -> float:
    try:
        ratio = float(given)
    except ValueError:
        ratio = math.nan
    if not (math.isfinite(ratio) and ratio > 0):
        raise UsageError(f"--max-cost-ratio {given!r}: write how many times as much is allowed, as 1.5")
    return ratio


def gate_results(
    gates: Gates, targets: Sequence[TargetFigures], baseline: BaselineFigures | None = None
) -> tuple[GateResult, ...]:
    """Each gate that was asked for; a gate holds if it does so for every target."""
    found = [_strict(targets)] if gates.strict else []
    found += [_min_pass(gate, targets) for gate in gates.min_pass]
    if gates.max_cost_ratio is not None:
        found.append(_max_cost_ratio(gates.max_cost_ratio, targets))
    if gates.baseline is not None:
        found.append(_baseline(gates.baseline, baseline))
    return tuple(found)


def _result(gate: str, found: Iterable[tuple[bool, str]]) -> GateResult:
    """All parts have to hold, and there has to be one; those that fail are said first."""
    parts = sorted(found, key=lambda part: part[0])
    passed = bool(parts) and all(holds for holds, _ in parts)
    told = [why for holds, why in parts if holds == passed]
    return GateResult(gate, passed, "; ".join(told) or "there is nothing to go by")


def _strict(targets: Sequence[TargetFigures]) -> GateResult:
    return _result("strict", (part for target in targets for part in _strict_of(target)))


def _strict_of(target: TargetFigures) -> Iterator[tuple[bool, str]]:
    outcomes = target.outcomes
    for kind in ("skipped", "unanswered", "left"):
        if count := getattr(outcomes, kind):
            yield False, f"{target.name}: {count} of {outcomes.all} questions were {kind}"
    judged = 0
    for rate in target.comparators:
        judged += rate.passed + rate.failed
        if rate.failed:
            yield (
                False,
                f"{target.name}: {rate.name} fails in {rate.failed} of {rate.passed + rate.failed} answers",
            )
    if not judged:
        yield False, f"{target.name}: no answer was judged"
    elif not outcomes.missing:
        yield True, f"{target.name}: everything was answered, and all {judged} verdicts pass"


def _min_pass(gate: MinPass, targets: Sequence[TargetFigures]) -> GateResult:
    meant = (
        (target.name, rate)
        for target in targets
        for rate in target.comparators
        if is_meant(gate.name, rate.name)
    )
    return _result(f"min-pass {gate.text}", (_rate_of(name, rate, gate) for name, rate in meant))


def _rate_of(target: str, rate: Rated, gate: MinPass) -> tuple[bool, str]:
    judged, share = rate.passed + rate.failed, float(gate.share)
    asked = f"{RATE.figure(share, _digits(share))} is asked"
    if not judged:
        return False, f"{target}: {rate.name} judged no answer; {asked}"
    passes = f"passes {rate.passed} of {judged} answers, {figure(rate.rate, beside=share)}"
    return Fraction(rate.passed, judged) >= gate.share, f"{target}: {rate.name} {passes}; {asked}"


def _digits(share: float) -> int:
    """As many as it takes to write the share as it was given."""
    return len(f"{share * 100:.10f}".rstrip("0").partition(".")[2])


def _max_cost_ratio(most: float, targets: Sequence[TargetFigures]) -> GateResult:
    return _result(f"max-cost-ratio {most:g}", (_cost_of(target, most) for target in targets))


def _cost_of(target: TargetFigures, most: float) -> tuple[bool, str]:
    cost = target.cost
    if cost.before is None or cost.after is None:
        return False, f"{target.name}: no answer has a price on both sides; at most {most:g} times is allowed"
    sums = f"{money(cost.before)} before and {money(cost.after)} now over {cost.rows} answers"
    if cost.ratio is None:
        return not cost.after, f"{target.name}: {sums}, from nothing"
    left_out = f", {cost.missing} more without a price" if cost.missing else ""
    times = times_as_much(cost.ratio, most)
    said = f"{target.name}: {times} ({sums}{left_out}); at most {most:g} times is allowed"
    return not exceeds(cost.ratio, most), said


def _baseline(path: str, baseline: BaselineFigures | None) -> GateResult:
    gate = f"baseline {path}"
    if baseline is None or not baseline.comparisons:
        return GateResult(
            gate, False, "the earlier report has no row, target and comparator in common with this one"
        )
    found = _result(
        gate,
        (
            (each.standing is not Standing.LOWER, f"{each.target}: {each.comparator} is {each.sentence}")
            for each in baseline.comparisons
        ),
    )
    left_out = without_counterpart(baseline)
    return replace(found, why=f"{found.why}; {left_out}") if left_out else found
