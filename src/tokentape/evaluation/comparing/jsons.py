"""JSON, field by field: the whole value, or the paths that count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.scopes import ALL, Scope, scope_of
from tokentape.evaluation.comparing.values import USUAL, Rules, compare_values, summed_up

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair
    from tokentape.evaluation.comparing.kind import Given
    from tokentape.evaluation.comparing.values import Tally


@dataclass(frozen=True, slots=True)
class Jsons:
    """`paths` are the scope as it was written."""

    name: str
    paths: tuple[str, ...] = ()
    scope: Scope = ALL
    rules: Rules = USUAL

    def compare(self, pair: Pair) -> Verdict:
        """The share of values that agree."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = pair.before.json, pair.after.json
        if before is None:
            return does_not_apply("there is no JSON in the recorded reply")
        if after is None:
            difference = Difference("$", "JSON", pair.after.text[:400], "no JSON")
            return Verdict(0.0, False, "there is no JSON in the new reply", (difference,), ("no JSON",))
        tally = compare_values(before.value, after.value, self.rules, self.scope)
        flags = ("JSON inside prose",) if after.in_prose and not before.in_prose else ()
        return self._verdict(tally, flags)

    def _verdict(self, tally: Tally, flags: tuple[str, ...]) -> Verdict:
        absent = [path for number, path in enumerate(self.paths) if number not in tally.met]
        if self.paths and len(absent) == len(self.paths):
            return does_not_apply(_absent(absent), "nothing in scope")
        if tally.differing:
            reason = summed_up(tuple(tally.differences), tally.differing)
        else:
            reason = f"all {tally.total} values agree" if tally.total != 1 else "the value agrees"
        if absent:
            reason += f"; {_absent(absent)}"
        return Verdict(tally.score, not tally.differing, reason, tally.listed, flags)


def _absent(paths: list[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"neither reply has {paths[0][:60]}{more}"


def _make(given: Given) -> Jsons:
    paths = tuple(word.text for word in given.words)
    for word in given.words:
        try:
            scope_of([word.text])
        except UsageError as error:
            raise given.wrong(str(error), word) from None
    return Jsons(given.name, paths, scope_of(paths), rules_of(given))


def rules_of(given: Given) -> Rules:
    """The rules that options say."""
    return Rules(
        exact_strings=given.one_of("strings", "folded", "exact") == "exact",
        null_is_absent=given.one_of("null", "value", "absent") == "absent",
        any_order=given.one_of("lists", "ordered", "any") == "any",
    )


OPTIONS = {
    "strings": "`folded`: spacing and case of texts do not count; `exact`: they do",
    "null": "`value`: null is a value; `absent`: a field that is null is as good as missing",
    "lists": "`ordered`: entries are compared by position; `any`: order does not count",
}
"""Options of comparators that compare values; the first value is the usual one."""

KIND = Kind(
    "json",
    means="share of the values (leaves) that agree, of those below the paths where any are given",
    passes="all of them",
    make=_make,
    words="paths",
    options=OPTIONS,
    example="json:category,items[*].id",
)
