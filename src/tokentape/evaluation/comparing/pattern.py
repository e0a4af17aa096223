"""A regular expression that the new reply has to match somewhere.

Python's `re` has no limit of time, and a pattern such as `(a+)+$` takes longer than anybody lives on thirty
characters. The package `regex` reads the same patterns and keeps a limit, so that one is used.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, unfit
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import in_short, unfenced

if TYPE_CHECKING:
    from regex import Pattern as Compiled

    from tokentape.evaluation.comparing.comparator import Pair
    from tokentape.evaluation.comparing.kind import Given

SECONDS = 1.0
"""How long a pattern may take on one text."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`seconds` is the time that one text may take."""

    name: str
    pattern: Compiled[str]
    seconds: float = SECONDS

    def compare(self, pair: Pair) -> Verdict:
        """1 if the new reply has a match, else 0; does not apply where that takes too long to find out."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        try:
            found = self._finds(pair.after.text)
            before = found or self._finds(pair.before.text)
        except TimeoutError:
            return does_not_apply(f"the pattern takes longer than {self.seconds:g} s", "pattern too slow")
        if found:
            return Verdict(1.0, True, "the new reply matches")
        note = "" if before else "nor did the recorded one"
        difference = Difference("text", self.pattern.pattern, pair.after.text[:400], note)
        return Verdict(0.0, False, f"no match of {in_short(self.pattern.pattern)}", (difference,))

    def _finds(self, text: str) -> bool:
        return self.pattern.search(unfenced(text), timeout=self.seconds) is not None


def _make(given: Given) -> Pattern:
    import re

    demand(given, "regex")
    import regex

    word = given.only_word("pattern")
    if word is None or not word.text:
        raise given.wrong("needs a pattern, such as regex:^\\d+$", word)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(word.text)  # says what is wrong with a pattern better, and what is none of Python's
            return Pattern(given.name, regex.compile(word.text, regex.VERSION0))
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise given.wrong(f"{in_short(word.text)} is no pattern: {error}", word) from None


KIND = Kind(
    "regex",
    means="1 if the pattern matches somewhere in the new reply, else 0",
    passes="a match",
    make=_make,
    words="pattern",
    is_raw=True,
    judges="new",
    is_symmetric=False,
    example=r"regex:^\d{1,3} items$",
)
