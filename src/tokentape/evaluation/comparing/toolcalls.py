"""Which tools were called, in which order, with which arguments. No tool is ever run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.jsons import OPTIONS, rules_of
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import arguments_of
from tokentape.evaluation.comparing.scopes import place_of
from tokentape.evaluation.comparing.values import MOST, USUAL, Rules, compare_values, cut, summed_up
from tokentape.matching.align import align
from tokentape.matching.canonical import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.evaluation.comparing.comparator import Pair
    from tokentape.evaluation.comparing.kind import Given
    from tokentape.matching.align import Pair as Positions
    from tokentape.protocols.canonical.items import ToolCall
    from tokentape.wire.interaction import Json

    Entry = dict[str, Json]


@dataclass(frozen=True, slots=True)
class ToolCalls:
    """`any_order`: calls may come in any order; `only_names`: arguments do not count."""

    name: str
    rules: Rules = USUAL
    any_order: bool = False
    only_names: bool = False

    def compare(self, pair: Pair) -> Verdict:
        """The mean over all calls of the share of arguments that agree."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = pair.before.calls, pair.after.calls
        if not before and not after:
            return _nobody_called(pair)
        tally = _Calls(before, after, self.rules, self.only_names)
        for left, right in _belonging(tally, any_order=self.any_order):
            tally.add(left, right)
        return tally.verdict()


def _nobody_called(pair: Pair) -> Verdict:
    """To call nothing is a choice where there are tools to call."""
    if pair.asked.tools:
        return Verdict(1.0, True, "neither reply calls a tool")
    return does_not_apply("no tools are offered, and none is called")


class _Calls:
    """The calls of both sides, and what is counted of them."""

    def __init__(
        self, before: Sequence[ToolCall], after: Sequence[ToolCall], rules: Rules, only_names: bool
    ) -> None:
        self.before = [_entry(call, only_names) for call in before]
        self.after = [_entry(call, only_names) for call in after]
        self.rules = rules
        self.agreeing = 0.0
        self.differing = 0
        self.differences: list[Difference] = []

    def add(self, left: int | None, right: int | None) -> None:
        """Two calls that belong together, or one that stands alone."""
        if left is not None and right is not None:
            before, after = self.before[left], self.after[right]
            if before["type"] == after["type"]:
                self._arguments(right, before, after)
            else:
                self._differs(right, before, after)
        elif left is not None:
            self._differs(left, self.before[left], None, "missing")
        elif right is not None:
            self._differs(right, None, self.after[right], "added")

    def _arguments(self, at: int, before: Entry, after: Entry) -> None:
        place = place_of(("calls", at, str(before["type"])))
        tally = compare_values(before["arguments"], after["arguments"], self.rules, place=place)
        self.agreeing += tally.score
        self.differing += tally.differing
        self.differences += tally.differences

    def _differs(self, at: int, before: Entry | None, after: Entry | None, note: str = "") -> None:
        self.differing += 1
        self.differences.append(Difference(f"calls[{at}]", _shown(before), _shown(after), note))

    def verdict(self) -> Verdict:
        """The mean over the calls of the side that has more of them."""
        most = max(len(self.before), len(self.after))
        if not self.differing:
            return Verdict(1.0, True, "the call agrees" if most == 1 else f"all {most} calls agree")
        listed = tuple(self.differences[:MOST])
        return Verdict(self.agreeing / most, False, summed_up(listed, self.differing), listed)


def _entry(call: ToolCall, only_names: bool) -> Entry:
    """A call as lists are aligned: entries of one `type` belong together."""
    return {"type": call.name, "arguments": {} if only_names else arguments_of(call)}


def _shown(entry: Entry | None) -> Json:
    return None if entry is None else cut({"name": entry["type"], "arguments": entry["arguments"]})


def _belonging(calls: _Calls, *, any_order: bool) -> list[Positions]:
    """Which call belongs to which: equal ones first, then those of the same tool, in order."""
    try:
        if any_order:
            return _in_any_order(calls.before, calls.after)
        differing = align(calls.before, calls.after)
    except RecursionError:  # arguments nested too deep to be told apart
        return list(zip_longest(range(len(calls.before)), range(len(calls.after))))
    paired = ({left for left, _ in differing}, {right for _, right in differing})
    equal = zip(
        (at for at in range(len(calls.before)) if at not in paired[0]),
        (at for at in range(len(calls.after)) if at not in paired[1]),
        strict=True,
    )
    return [*equal, *differing]


def _in_any_order(before: Sequence[Entry], after: Sequence[Entry]) -> list[Positions]:
    pairs: list[Positions] = []
    lefts, rights = list(range(len(before))), list(range(len(after)))
    for key in (encode, lambda entry: entry["type"]):
        waiting: defaultdict[object, list[int]] = defaultdict(list)
        for right in reversed(rights):
            waiting[key(after[right])].append(right)
        found = [(left, waiting[key(before[left])].pop()) for left in lefts if waiting[key(before[left])]]
        pairs += found
        lefts = sorted({*lefts}.difference(left for left, _ in found))
        rights = sorted({*rights}.difference(right for _, right in found))
    return [*pairs, *((left, None) for left in lefts), *((None, right) for right in rights)]


def _make(given: Given) -> ToolCalls:
    return ToolCalls(
        given.name,
        rules_of(given),
        any_order=given.one_of("order", "kept", "any") == "any",
        only_names=given.one_of("arguments", "compared", "ignored") == "ignored",
    )


KIND = Kind(
    "toolcalls",
    means="mean over the calls of the share of arguments that agree; 0 for one that is missing, added or of "
    "another tool",
    passes="the same tools, in the same order, with the same arguments",
    make=_make,
    options={
        "order": "`kept`: calls are compared in order; `any`: parallel calls may come in any order",
        "arguments": "`compared`, or `ignored`: only the choice of tools counts",
        **OPTIONS,
    },
    is_symmetric=False,
    example="toolcalls:order=any",
)
