"""Texts that the new reply has to contain; without any, the recorded reply itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import folded, in_short

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair
    from tokentape.evaluation.comparing.kind import Given


@dataclass(frozen=True, slots=True)
class Contains:
    """`texts` in any order, each somewhere; spacing and case do not count."""

    name: str
    texts: tuple[str, ...] = ()

    def compare(self, pair: Pair) -> Verdict:
        """The share of texts that the new reply contains."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        wanted = self.texts or (pair.before.folded,)
        if not all(map(folded, wanted)):
            return does_not_apply("the recorded reply is empty")
        after = pair.after.folded
        missing = [text for text in wanted if folded(text) not in after]
        if not missing:
            return Verdict(1.0, True, "the new reply contains it" if len(wanted) == 1 else "contains all")
        before = pair.before.folded
        differences = tuple(
            Difference(
                "text", text[:400], None, "missing" if folded(text) in before else "missing, as before"
            )
            for text in missing
        )
        score = 1 - len(missing) / len(wanted)
        return Verdict(score, False, f"the new reply lacks {in_short(missing[0])}", differences)


def _make(given: Given) -> Contains:
    for word in given.words:
        if not folded(word.text):
            raise given.wrong("an empty text is in every reply", word)
    return Contains(given.name, tuple(word.text for word in given.words))


KIND = Kind(
    "contains",
    means="share of the texts that the new reply contains; without texts, 1 if it contains the recorded one",
    passes="all of them",
    make=_make,
    words="texts",
    judges="new",
    is_symmetric=False,
    example='contains:"in stock"',
)
