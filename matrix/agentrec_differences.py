"""Where comparators of tokentape and agentrec say different things of one pair: every reason there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Reasoning

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentrec.comparators import ComparisonResult

    from tokentape.evaluation.comparing.comparator import Pair, Verdict

HAIR = 1e-9


@dataclass(frozen=True)
class Compared:
    """A pair, and what both said of it."""

    pair: Pair
    ours: Verdict
    theirs: ComparisonResult

    @property
    def score(self) -> float | None:
        """Theirs; None where they could not compare."""
        return None if self.theirs.error else self.theirs.score

    @property
    def agrees(self) -> bool:
        """True for one score and one verdict."""
        mine = self.ours.score
        if mine is None or self.score is None:
            return mine is None and self.score is None
        return abs(mine - self.score) < HAIR and self.ours.passed == self.theirs.passed


@dataclass(frozen=True)
class Difference:
    """A reason, and the pairs that it fits."""

    name: str
    why: str
    holds: Callable[[Compared], bool]

    def fits(self, name: str, one: Compared) -> bool:
        """True if the difference of this pair is of that kind."""
        return name.split(":", maxsplit=1)[0] == self.name and self.holds(one)


def _no_whole(one: Compared) -> bool:
    return "not whole" in one.ours.reason


DIFFERENCES = (
    Difference(
        "fuzzy",
        "a call of a tool counts as text, which each tool spells its own way",
        lambda one: bool(one.pair.before.calls or one.pair.after.calls),
    ),
    Difference(
        "fuzzy",
        "rapidfuzz counts all that both texts have in the same order; `difflib` looks for long runs, and"
        " takes letters that are frequent in a text of 200 and more for noise: it never finds more",
        lambda one: one.score is not None and (one.ours.score or 0) >= one.score - HAIR,
    ),
    *(
        Difference(
            name,
            "thoughts are not what was said; agentrec reads Gemini's as part of the text",
            lambda one: any(isinstance(item, Reasoning) for item in one.pair.before.reply.items),
        )
        for name in ("exact", "fuzzy")
    ),
    Difference(
        "json",
        "JSON in prose, or in a fence with text around it, is found; agentrec reads the whole or nothing",
        lambda one: (
            (one.pair.before.json is not None and one.score is None)
            or (one.pair.after.json is not None and "not valid JSON" in one.theirs.detail)
        ),
    ),
    Difference(
        "toolcalls",
        "where no tools are offered and none is called, nothing is compared; agentrec counts it as passed",
        lambda one: one.ours.score is None and one.score == 1.0 and not one.pair.asked.tools,
    ),
    *(
        Difference(
            name,
            "a reply that was cut, or failed, is no measure for another; agentrec compares what came of it",
            _no_whole,
        )
        for name in ("exact", "fuzzy", "json", "toolcalls")
    ),
)
"""The first that fits counts."""
