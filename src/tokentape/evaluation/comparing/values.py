"""Two JSON values, compared leaf by leaf: how many agree, and which do not.

Nothing here recurses, or builds text for what agrees, so that depth and size cost no more than reading did. A
leaf is a scalar, or an empty object or array. `1` equals `1.0`, `true` does not, NaN equals itself, and null
is a value.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, TypeAlias

from tokentape.evaluation.comparing.comparator import Difference
from tokentape.evaluation.comparing.plain import folded, in_short, one_spelling
from tokentape.evaluation.comparing.scopes import ALL, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.comparing.scopes import Place, Scope
    from tokentape.wire.interaction import Json

    Value: TypeAlias = "Json | _Absent"
    Step: TypeAlias = "tuple[Place, Value, Value, Scope]"

MOST = 50
"""Differences that are listed; all are counted."""

OUTSIDE = "out of scope"

_LONG = 400
"""Characters of a text in a difference."""
_DEEP, _LINE = 80, 280
"""Characters of a path, and of several differences, in a line."""
_MANY = 20
"""Leaves of an object or array in a difference."""


class _Absent:
    """Stands for what is not there."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Rules:
    """When values are equal: `exact_strings` counts case and spacing, `null_is_absent` takes a field that is
    null for one that is not there, `any_order` takes lists for bags.
    """

    exact_strings: bool = False
    null_is_absent: bool = False
    any_order: bool = False

    def same(self, one: Value, other: Value) -> bool:
        """True for equal leaves."""
        if isinstance(one, bool) or isinstance(other, bool):
            return one is other
        if isinstance(one, str) and isinstance(other, str):
            return one == other or (not self.exact_strings and folded(one) == folded(other))
        if isinstance(one, float) and isinstance(other, float) and isnan(one):
            return isnan(other)
        return one == other


USUAL = Rules()


@dataclass(slots=True)
class Tally:
    """What a comparison counts: leaves of either side, those that agree, and places that differ.

    `beside` are differences out of scope; `met` the numbers of the scopes that there was something for.
    """

    total: int = 0
    matched: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)
    beside: list[Difference] = field(default_factory=list)
    met: set[int] = field(default_factory=set)

    @property
    def score(self) -> float:
        """The share of leaves that agree; 1 of none."""
        return self.matched / self.total if self.total else 1.0

    @property
    def listed(self) -> tuple[Difference, ...]:
        """The differences that count, then the others."""
        return tuple((self.differences + self.beside)[:MOST])


def compare_values(before: Json, after: Json, rules: Rules, scope: Scope = ALL, place: Place = None) -> Tally:
    """The tally of two values; `place` is where they stand, for the paths of differences."""
    tally = Tally()
    if rules.null_is_absent:
        before, after = _without_nulls(before), _without_nulls(after)
    waiting: list[Iterator[Step]] = [iter([(place, before, after, scope)])]
    while waiting:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
        elif (below := _below(step, rules)) is not None:
            tally.met |= step[3].met
            waiting.append(below)
        else:
            tally.met |= step[3].met
            _count(tally, step, rules)
    return tally


def _without_nulls(value: Json) -> Json:
    """The value without the fields that are null; null in a list is an entry, and stays."""
    whole: list[Json] = [value]
    waiting: list[dict[str, Json] | list[Json]] = [whole]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            found.update({name: _copied(inner, waiting) for name, inner in found.items()})
        else:
            found[:] = [_copied(inner, waiting) for inner in found]
    return whole[0]


def _copied(value: Json, waiting: list[dict[str, Json] | list[Json]]) -> Json:
    """The value; of an object or array a copy without its own nulls, whose values wait for the same."""
    copy: dict[str, Json] | list[Json]
    if isinstance(value, dict):
        copy = {name: inner for name, inner in value.items() if inner is not None}
    elif isinstance(value, list):
        copy = [*value]
    else:
        return value
    waiting.append(copy)
    return copy


def _below(step: Step, rules: Rules) -> Iterator[Step] | None:
    """The steps down from here; None where the values are compared as they are."""
    at, left, right, scope = step
    if isinstance(left, dict) and isinstance(right, dict) and left and right:
        return _fields(at, left, right, scope)
    if isinstance(left, list) and isinstance(right, list) and left and right:
        return _entries(at, left, right, scope, rules)
    if not scope.is_decided and (_is_branch(left) or _is_branch(right)):
        return _apart(at, left, right, scope)
    return None


def _is_branch(value: Value) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _fields(at: Place, left: dict[str, Json], right: dict[str, Json], scope: Scope) -> Iterator[Step]:
    for name in (*left, *(name for name in right if name not in left)):
        yield (at, name), left.get(name, ABSENT), right.get(name, ABSENT), scope.narrowed(name)


def _entries(at: Place, left: list[Json], right: list[Json], scope: Scope, rules: Rules) -> Iterator[Step]:
    same = range(min(len(left), len(right)))
    pairs = _paired(left, right) if rules.any_order else [(index, index) for index in same]
    for one, other in pairs:
        yield (at, one), left[one], right[other], scope.narrowed(one, left[one])
    gone = sorted({*range(len(left))}.difference(one for one, _ in pairs))
    new = sorted({*range(len(right))}.difference(other for _, other in pairs))
    for index in gone:
        yield (at, index), left[index], ABSENT, scope.narrowed(index, left[index])
    for index in new:
        yield (at, index), ABSENT, right[index], scope.narrowed(index, right[index])


def _paired(left: list[Json], right: list[Json]) -> list[tuple[int, int]]:
    """Positions that belong together in lists without order: equal entries, then the others as they come."""
    where: defaultdict[str, list[int]] = defaultdict(list)
    for index in reversed(range(len(right))):
        where[one_spelling(right[index])].append(index)
    pairs: list[tuple[int, int]] = []
    alone: list[int] = []
    for index, entry in enumerate(left):
        found = where[one_spelling(entry)]
        if found:
            pairs.append((index, found.pop()))
        else:
            alone.append(index)
    rest = sorted(index for left_over in where.values() for index in left_over)
    return pairs + list(zip(alone, rest, strict=False))


def _apart(at: Place, left: Value, right: Value, scope: Scope) -> Iterator[Step]:
    """What stands on each side alone, step by step, where a scope may begin further down."""
    for value, is_before in ((left, True), (right, False)):
        steps: Iterator[tuple[str | int, Json]] = iter(())
        if isinstance(value, dict):
            steps = iter(value.items())
        elif isinstance(value, list):
            steps = enumerate(value)
        for name, inner in steps:
            below = scope.narrowed(name, inner)
            yield ((at, name), inner, ABSENT, below) if is_before else ((at, name), ABSENT, inner, below)


def _count(tally: Tally, step: Step, rules: Rules) -> None:
    at, left, right, scope = step
    parted = _is_branch(left) or _is_branch(right)
    agree = not parted and rules.same(left, right)
    if scope.inside:
        tally.total += leaves(left) + leaves(right) if parted else 1
        tally.matched += agree
        tally.differing += not agree
    if not agree:
        into = tally.differences if scope.inside else tally.beside
        if len(into) < MOST:
            into.append(_difference(at, left, right, "" if scope.inside else OUTSIDE))


def leaves(value: Value) -> int:
    """How many leaves a value has; what is not there has none."""
    return 0 if isinstance(value, _Absent) else sum(1 for _ in leaves_of(value))


def leaves_of(value: Json) -> Iterator[Json]:
    """The leaves of a value, in no order."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict) and found:
            waiting += found.values()
        elif isinstance(found, list) and found:
            waiting += found
        else:
            yield found


def _difference(at: Place, left: Value, right: Value, note: str) -> Difference:
    what = "missing" if isinstance(right, _Absent) else "added" if isinstance(left, _Absent) else ""
    notes = ", ".join(filter(None, (what, note)))
    return Difference(written(at), cut(left), cut(right), notes)


def cut(value: Value) -> Json:
    """A value short enough to be kept: long texts are cut, large objects and arrays are counted."""
    if isinstance(value, _Absent):
        return None
    if isinstance(value, str):
        return value if len(value) <= _LONG else f"{value[:_LONG]}..."
    if isinstance(value, dict | list):
        count = leaves(value)
        if count > _MANY or len(short := one_spelling(value)) > _LONG:
            what = "an object" if isinstance(value, dict) else "an array"
            return f"({what} of {count} values)" if count > _MANY else f"{short[:_LONG]}..."
    return value


def told(difference: Difference) -> str:
    """One difference in a line."""
    path, before, after, note = difference
    where = path if len(path) <= _DEEP else f"...{path[-_DEEP:]}"
    if note.startswith("missing"):
        return f"{where} is missing, was {in_short(before)}"
    if note.startswith("added"):
        return f"{where} is new: {in_short(after)}"
    return f"{where}: {in_short(before)}, now {in_short(after)}"


def summed_up(differences: tuple[Difference, ...], count: int) -> str:
    """The first differences in one line, as many as it holds, and how many more there are."""
    lines: list[str] = []
    for difference in differences[:3]:
        line = told(difference)
        if lines and sum(map(len, lines)) + len(line) > _LINE:
            break
        lines.append(line)
    more = count - len(lines)
    return "; ".join(lines) + (f"; {more} more" if more > 0 else "")
