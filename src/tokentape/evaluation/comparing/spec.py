"""`--compare exact,json:category,priority,toolcalls,fuzzy:0.9` as comparators.

    specification  = comparator *("," comparator)
    comparator     = NAME [":" argument *("," argument)]
    argument       = WORD / OPTION "=" VALUE        either may stand in quotes

What follows a colon belongs to the comparator up to the next comma behind which a comparator's name stands:
`priority` above is a path of `json`, since no comparator is called so. A field that is called as a comparator
is, or a text with commas, goes in quotes ('single' or "double"; twice the quote is the quote itself):
`json:"length",contains:"Hello, world"`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.kind import Given, Word
from tokentape.evaluation.comparing.registry import is_known, kind_named, known_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.comparing.comparator import Asking, Comparator
    from tokentape.evaluation.comparing.kind import Kind

_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>(?:(?!(?P=quote)).|(?P=quote){2})*+)(?P=quote)""", re.DOTALL)
_PLAIN = re.compile(r"[^,]*")
_BLANK = re.compile(r"\s*")
_NAME = re.compile(r"([A-Za-z_][\w-]*)\s*(?=[:,]|$)")
_OPTION = re.compile(r"([A-Za-z_]\w*)=")

_NEAR = 0.85
"""How near to a comparator's name an argument may come before it is taken for a slip."""


def comparators_of(spec: str) -> tuple[Comparator | Asking, ...]:
    """The comparators that `--compare` names, in its order.

    Raises `UsageError`, in one line with the place: an unknown name, a wrong argument, one comparator twice.
    """
    made: dict[str, Comparator | Asking] = {}
    for kind, given in _Reader(spec).parts():
        if given.name in made:
            raise given.wrong(f"{given.name!r} is named twice")
        made[given.name] = kind.make(given)
    return tuple(made.values())


class _Reader:
    """Reads one specification from left to right."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self.at = 0

    def parts(self) -> Iterator[tuple[Kind, Given]]:
        """Each comparator with its arguments."""
        more = True
        while more:
            start = self._blank()
            kind = self._name()
            words: list[tuple[str, Word]] = []
            if self._takes(":"):
                words.append(self._argument(kind))
                while self._goes_on():
                    words.append(self._argument(kind, after_comma=True))
            yield kind, self._given(kind, start, words)
            self._blank()
            more = self._takes(",")
            if not more and self.at < len(self.spec):
                raise self._wrong(f"{self.spec[self.at :]!r} stands where a comma is expected")

    def _name(self) -> Kind:
        found = _NAME.match(self.spec, self.at)
        if found is None:
            what = _PLAIN.match(self.spec, self.at)
            said = repr(what[0]) if what and what[0] else "nothing"
            raise self._wrong(f"{said} stands where the name of a comparator is expected")
        kind = kind_named(found[1])
        if kind is None:
            raise self._wrong(f"no comparator is called {found[1]!r}; {_advice(found[1])}")
        self.at = found.end()
        return kind

    def _goes_on(self) -> bool:
        """True if a comma follows, and no comparator behind it."""
        behind = _BLANK.match(self.spec, self.at)
        comma = behind.end() if behind else self.at
        if self.spec[comma : comma + 1] != ",":
            return False
        start = _BLANK.match(self.spec, comma + 1)
        found = _NAME.match(self.spec, start.end() if start else comma + 1)
        if found is not None and is_known(found[1]):
            return False
        self.at = comma + 1
        return True

    def _argument(self, kind: Kind, *, after_comma: bool = False) -> tuple[str, Word]:
        """One argument, with the name of its option ("": a bare word)."""
        start = self._blank()
        option = _OPTION.match(self.spec, self.at) if kind.options else None
        if option is not None:
            if option[1] not in kind.options:
                known = ", ".join(kind.options)
                problem = f"has no option {option[1]!r}, but {known}; what is no option goes in quotes"
                raise self._wrong(f"{kind.name}: {problem}")
            self.at = option.end()
        word = self._word(kind)
        if option is None and after_comma and not (word.is_quoted or kind.is_raw):
            self._slip(kind, word)
        return (option[1], word) if option else ("", word._replace(at=start))

    def _word(self, kind: Kind) -> Word:
        start = self.at
        if self.spec[start : start + 1] in ("'", '"'):
            quoted = _QUOTED.match(self.spec, start)
            if quoted is None:
                raise self._wrong(f"{kind.name}: the quote is not closed")
            self.at = quoted.end()
            return Word(quoted["text"].replace(quoted["quote"] * 2, quoted["quote"]), start, True)
        plain = _PLAIN.match(self.spec, start)
        text = plain[0].rstrip() if plain else ""
        if not text:
            raise self._wrong(f"{kind.name}: an argument is missing")
        self.at = start + len(text)
        return Word(text, start)

    def _slip(self, kind: Kind, word: Word) -> None:
        near = get_close_matches(word.text, known_names(), 1, _NEAR)
        if near:
            self.at = word.at
            problem = f"{word.text!r} is nearly the comparator {near[0]!r}; as an argument it goes in quotes"
            raise self._wrong(f"{kind.name}: {problem}")

    def _given(self, kind: Kind, start: int, words: list[tuple[str, Word]]) -> Given:
        options: dict[str, Word] = {}
        for option, word in words:
            if option in options:
                self.at = word.at
                raise self._wrong(f"{kind.name}: the option {option!r} is given twice")
            if option:
                options[option] = word
        bare = tuple(word for option, word in words if not option)
        if bare and not kind.words:
            self.at = bare[0].at
            raise self._wrong(f"{kind.name}: takes no argument, and {bare[0].text!r} is one")
        if kind.is_raw and len(bare) > 1 and not any(word.is_quoted for word in bare):
            bare = (Word(self.spec[bare[0].at : self.at], bare[0].at),)
        return Given(self.spec[start : self.at].strip(), kind.name, bare, options, start)

    def _blank(self) -> int:
        found = _BLANK.match(self.spec, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _takes(self, sign: str) -> bool:
        if self.spec[self.at : self.at + 1] != sign:
            return False
        self.at += 1
        return True

    def _wrong(self, problem: str) -> UsageError:
        return UsageError(f"--compare, character {self.at + 1}: {problem}")


def _advice(name: str) -> str:
    near = get_close_matches(name, known_names(), 1)
    return f"is it {near[0]!r}?" if near else f"there are {', '.join(known_names())}"
