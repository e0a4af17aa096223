"""The same words: equal texts, where fences, spacing and case do not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import parted, spoken

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair, Side
    from tokentape.evaluation.comparing.kind import Given


@dataclass(frozen=True, slots=True)
class Exact:
    """`strict`: every character counts, but for a fence around the whole and blanks at the ends."""

    name: str
    strict: bool = False

    def compare(self, pair: Pair) -> Verdict:
        """1 for equal texts, else 0."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = self._said(pair.before), self._said(pair.after)
        if before == after:
            return Verdict(1.0, True, "the texts are equal")
        return Verdict(0.0, False, "the texts differ", (Difference("text", *parted(before, after)),))

    def _said(self, side: Side) -> str:
        return spoken(side.reply, side.text).strip() if self.strict else side.folded


def _make(given: Given) -> Exact:
    if word := given.only_word("word, `strict`"):
        if word.text != "strict":
            raise given.wrong(f"takes the word `strict` or nothing, not {word.text!r}", word)
        return Exact(given.name, strict=True)
    return Exact(given.name)


KIND = Kind(
    "exact",
    means="1 if the texts are equal, else 0; tool calls and media count as part of the text",
    passes="equal",
    make=_make,
    words="strict",
    example="exact",
)
