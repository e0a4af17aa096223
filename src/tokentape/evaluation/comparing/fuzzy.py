"""Similar texts: the share of text that both have in the same order (rapidfuzz).

The time for characters grows with the product of the lengths. Texts too long for that are compared word by
word, and those too long for that as bags of words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, unfit
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import parted
from tokentape.matching.diff import first_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.evaluation.comparing.comparator import Pair
    from tokentape.evaluation.comparing.kind import Given

USUAL = 0.8
"""The score that is enough where nobody says."""

_CHARACTERS, _WORDS = 4e9, 5e8
"""Products of lengths that are compared in order: each takes about a tenth of a second. What both texts begin
and end with costs nothing."""

_WORD = re.compile(r"\S{1,64}")


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """`threshold` is the score that is enough."""

    name: str
    threshold: float = USUAL

    def compare(self, pair: Pair) -> Verdict:
        """How similar the texts are."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = pair.before.folded, pair.after.folded
        score, how = similarity(before, after)
        passed = score >= self.threshold
        differences = () if score == 1 else (Difference("text", *parted(before, after)),)
        word = "enough" if passed else "not enough"
        return Verdict(
            score,
            passed,
            f"similar by {floor(score * 1000) / 1000:g}{how}, {word} for {self.threshold:g}",
            differences,
        )


def similarity(before: str, after: str) -> tuple[float, str]:
    """From 0 to 1, 1 only for equal texts; and by what, where it is not by characters."""
    if before == after:
        return 1.0, ""
    if _are_short(before, after):
        return _in_order(before, after), ""
    words = _WORD.findall(before), _WORD.findall(after)
    if len(words[0]) * len(words[1]) <= _WORDS:
        return _in_order(*words), " (word by word, since the texts are long)"
    bags = Counter(words[0]), Counter(words[1])
    share = 2 * (bags[0] & bags[1]).total() / max(1, len(words[0]) + len(words[1]))
    return _unequal(share), " (as bags of words, since the texts are very long)"


def _are_short(before: str, after: str) -> bool:
    """True if characters can be compared in time."""
    if len(before) * len(after) <= _CHARACTERS:
        return True
    start = first_difference(before, after)
    end = first_difference(before[start:][::-1], after[start:][::-1])
    return (len(before) - start - end) * (len(after) - start - end) <= _CHARACTERS


def _in_order(one: Sequence[str], other: Sequence[str]) -> float:
    from rapidfuzz.distance import Indel

    return _unequal(Indel.normalized_similarity(one, other))


def _unequal(score: float) -> float:
    """A score of texts that differ, which rounding must not make 1."""
    return min(score, 0.999_999)


def _make(given: Given) -> Fuzzy:
    demand(given, "rapidfuzz")
    word = given.only_word("threshold")
    return Fuzzy(given.name, given.number(word, "the threshold", high=1.0) if word else USUAL)


KIND = Kind(
    "fuzzy",
    means="similarity of the texts: the share of characters that both have in the same order",
    passes=f"at least the threshold, {USUAL:g} where none is given",
    make=_make,
    words="threshold",
    example="fuzzy:0.9",
)
