"""How long the texts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import unfenced

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair, Side
    from tokentape.evaluation.comparing.kind import Given


@dataclass(frozen=True, slots=True)
class Length:
    """`least`: the share of the longer text that the shorter one has to have; `of`: what is counted."""

    name: str
    least: float | None = None
    of: str = "characters"

    def compare(self, pair: Pair) -> Verdict:
        """The shorter length as a share of the longer one."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        before, after = self._length(pair.before), self._length(pair.after)
        if before is None or after is None:
            return does_not_apply(
                f"the {'recorded' if before is None else 'new'} reply does not count its output"
            )
        score = min(before, after) / max(before, after) if before != after else 1.0
        passed = None if self.least is None else score >= self.least
        differences = () if before == after else (Difference(self.of, before, after),)
        return Verdict(score, passed, f"{before} {self.of}, now {after}", differences)

    def _length(self, side: Side) -> int | None:
        if self.of == "tokens":
            tokens = side.usage.output if side.usage else None
            return tokens if tokens is not None and tokens >= 0 else None
        text = unfenced(side.text).strip()
        return len(text.split()) if self.of == "words" else len(text)


def _make(given: Given) -> Length:
    word = given.only_word("share")
    least = given.number(word, "the share", high=1.0) if word else None
    return Length(given.name, least, given.one_of("of", "characters", "words", "tokens"))


KIND = Kind(
    "length",
    means="the length of the shorter text as a share of the longer one",
    passes="at least the share; neither passed nor failed without one",
    make=_make,
    words="share",
    options={"of": "`characters`, `words`, or the `tokens` that the reply counts as its output"},
    example="length:0.5",
)
