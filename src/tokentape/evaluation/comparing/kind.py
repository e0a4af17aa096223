"""A comparator as the registry lists it, and what the command line gives it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.evaluation.comparing.comparator import Asking, Comparator


class Word(NamedTuple):
    """A part of a specification: its text without quotes, and at which character it starts (from 0)."""

    text: str
    at: int
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What stands behind a comparator's name: bare words, and options. `name` is all of it, as written."""

    name: str
    kind: str
    words: tuple[Word, ...] = ()
    options: Mapping[str, Word] = field(default_factory=dict)
    at: int = 0

    def wrong(self, problem: str, word: Word | None = None) -> UsageError:
        """The error that names the place: character numbers start at 1."""
        at = self.at if word is None else word.at
        return UsageError(f"--compare, character {at + 1}: {self.kind}: {problem}")

    def one_of(self, option: str, *choices: str) -> str:
        """The value of an option that is one of `choices`; the first where it is not given."""
        word = self.options.get(option)
        if word is None:
            return choices[0]
        if word.text not in choices:
            raise self.wrong(f"{option} is one of {', '.join(choices)}, not {word.text!r}", word)
        return word.text

    def only_word(self, what: str) -> Word | None:
        """The one bare word that is taken, if it is given; `what` says what it is."""
        if len(self.words) > 1:
            raise self.wrong(f"takes one {what}, and {self.words[1].text!r} is a second one", self.words[1])
        return self.words[0] if self.words else None

    def number(self, word: Word, what: str, low: float = 0.0, high: float = math.inf) -> float:
        """The number that a word is, from `low` to `high`."""
        try:
            found = float(word.text)
        except ValueError:
            found = math.nan
        if not (low <= found <= high and math.isfinite(found)):
            upto = f"from {low:g} to {high:g}" if math.isfinite(high) else f"from {low:g} on"
            raise self.wrong(f"{what} is a number {upto}, not {word.text!r}", word)
        return found


@dataclass(frozen=True, slots=True)
class Kind:
    """A comparator by `name`. Third parties register one by the entry point group `tokentape.comparators`.

    `means` says what a score means, `passes` when it is enough. `words` names the bare words that `make`
    takes ("paths"; "": none), `options` those with a name, each with what it does. `is_raw`: an argument
    without quotes is one text, commas included. `judges` "both": the answers are compared, so that equal
    ones score 1; "new": the new answer is judged by itself. `is_symmetric`: the score does not depend on
    which is which. `example` is one as people write it.
    """

    name: str
    means: str
    passes: str
    make: Callable[[Given], Comparator | Asking]
    words: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    is_raw: bool = False
    judges: Literal["both", "new"] = "both"
    is_symmetric: bool = True
    example: str = ""
