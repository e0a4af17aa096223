"""The figures of some lines of one target: rates, sums, distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.columns import QUANTITIES, STATUSES, Mark
from tokentape.evaluation.reporting.figures import Beside, Group, Outcomes, Rate, Rated, Sides, Spread
from tokentape.evaluation.reporting.pairing import of_amounts
from tokentape.evaluation.statistics.clusters import clustering
from tokentape.evaluation.statistics.summary import summarised
from tokentape.evaluation.statistics.wilson import pass_rate
from tokentape.evaluation.statistics.words import SECONDS, Unit, figure

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence

    from tokentape.evaluation.reporting.columns import Columns, Verdicts
    from tokentape.evaluation.reporting.figures import Compared
    from tokentape.evaluation.reporting.pairing import Raw
    from tokentape.evaluation.reporting.tally import Target
    from tokentape.evaluation.statistics.summary import Summary

DISTRIBUTIONS = ("cost", "seconds", "first", "tokens_out")
MOST_GROUPS = 200
"""Categories or models that are listed; the smallest ones beyond that are one group."""
OTHER_GROUPS = "(others)"
SUMS = frozenset({"cost", "tokens_in", "tokens_out"})
_MONEY = Unit(1000.0, sign="$", suffix=" per 1000 calls")
_TOKENS = Unit(suffix=" tokens per call", point="token per call", points="tokens per call")
_UNITS = {"cost": _MONEY, "seconds": SECONDS, "first": SECONDS, "tokens_in": _TOKENS, "tokens_out": _TOKENS}
RECORDED = "the recorded calls"


def outcomes(columns: Columns) -> Outcomes:
    """What became of the questions."""
    return Outcomes(**{status.value: columns.status.count(at) for at, status in enumerate(STATUSES)})


def rate(name: str, verdicts: Verdicts, lines: Sequence[int], columns: Columns) -> Rate:
    """The share that passed, with Wilson's interval as wide as conversations make it."""
    marks, cluster = verdicts.marks, columns.cluster
    judged = [line for line in lines if marks[line] >= Mark.FAILED]
    passes = [marks[line] == Mark.PASSED for line in judged]
    unjudged = sum(marks[line] == Mark.SCORED for line in lines)
    found = pass_rate(passes, [cluster[line] for line in judged])
    return Rate(
        name=name,
        rows=len(judged) + unjudged,
        passed=sum(passes),
        failed=len(passes) - sum(passes),
        unjudged=unjudged,
        rate=found,
        sentence=_sentence(len(passes), unjudged, figure(found)),
    )


def _sentence(judged: int, unjudged: int, said: str) -> str:
    if not judged and not unjudged:
        return "applies to no answer"
    if not judged:
        return f"{_answers(unjudged)} with a score; nothing says what would be enough"
    return f"{said} of {_answers(judged)} passed"


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"


def rated(name: str, target: Target, lines: Sequence[int]) -> Rated:
    """The rate over all answers, with scores and flags."""
    columns = target.columns
    verdicts = columns.verdicts[name]
    found = rate(name, verdicts, lines, columns)
    known = [line for line in lines if not math.isnan(verdicts.scores[line])]
    flags = ((flag, times) for (of, flag), times in target.flags.most_common() if of == name)
    return Rated(
        name=found.name,
        rows=found.rows,
        passed=found.passed,
        failed=found.failed,
        unjudged=found.unjudged,
        rate=found.rate,
        sentence=found.sentence,
        scores=_summary(verdicts.scores, lines, columns, bounds=(0.0, 1.0)) if known else None,
        flags=tuple(flags),
    )


def _summary(
    values: array[float],
    lines: Sequence[int],
    columns: Columns,
    bounds: tuple[float, float] | None = None,
) -> Summary:
    known = [(values[line], columns.cluster[line]) for line in lines if not math.isnan(values[line])]
    effect = clustering([value for value, _ in known], [cluster for _, cluster in known]).design_effect
    given = [None if math.isnan(values[line]) else values[line] for line in lines]
    return summarised(given, bounds=bounds, design_effect=effect)


def distributions(columns: Columns, lines: Sequence[int]) -> Mapping[str, Spread]:
    """Of the answered lines, on both sides."""
    return {
        name: Spread(
            _summary(columns.before[name], lines, columns), _summary(columns.after[name], lines, columns)
        )
        for name in DISTRIBUTIONS
    }


def _known(columns: Columns, name: str, lines: Sequence[int]) -> list[int]:
    """The lines where both sides are known."""
    before, after = columns.before[name], columns.after[name]
    return [line for line in lines if not (math.isnan(before[line]) or math.isnan(after[line]))]


def raw_sides(columns: Columns, lines: Sequence[int]) -> list[Raw]:
    """Both sides of every quantity, compared line by line."""
    found = []
    for name in QUANTITIES:
        known = _known(columns, name, lines)
        before = [columns.before[name][line] for line in known]
        after = [columns.after[name][line] for line in known]
        clusters = [columns.cluster[line] for line in known]
        found.append(of_amounts(before, after, clusters, _UNITS[name], RECORDED))
    return found


def sides(columns: Columns, name: str, lines: Sequence[int], compared: Compared) -> Sides:
    """Sums or means of one quantity, and what its comparison says."""
    known = _known(columns, name, lines)
    both = _beside(columns, name, known)
    ratio = both.after / both.before if both.before and both.after is not None else None
    return Sides(both.before, both.after, ratio, len(known), len(lines) - len(known), compared)


def _beside(columns: Columns, name: str, known: Sequence[int]) -> Beside:
    if not known:
        return Beside(None, None)
    per = 1 if name in SUMS else len(known)
    before, after = (
        math.fsum(side[name][line] for line in known) / per for side in (columns.before, columns.after)
    )
    return Beside(before, after)


def groups(
    columns: Columns, codes: array[int], names: Sequence[str], comparators: Sequence[str]
) -> tuple[Group, ...]:
    """The lines by category or model, the largest first."""
    found: dict[int, list[int]] = {}
    for line, code in enumerate(codes):
        found.setdefault(code, []).append(line)
    ordered = sorted(found.items(), key=lambda each: (-len(each[1]), names[each[0]]))
    listed = [(names[code], lines) for code, lines in ordered[:MOST_GROUPS]]
    if len(ordered) > MOST_GROUPS:
        listed.append((OTHER_GROUPS, [line for _, lines in ordered[MOST_GROUPS:] for line in lines]))
    return tuple(_group(columns, name, lines, comparators) for name, lines in listed)


def _group(columns: Columns, name: str, lines: Sequence[int], comparators: Sequence[str]) -> Group:
    answered = [line for line in lines if STATUSES[columns.status[line]] == "answered"]
    both = {each: _beside(columns, each, _known(columns, each, answered)) for each in QUANTITIES}
    return Group(
        name=name,
        rows=len(lines),
        comparators=tuple(rate(each, columns.verdicts[each], answered, columns) for each in comparators),
        tokens_out=both["tokens_out"],
        cost=both["cost"],
        seconds=both["seconds"],
    )
