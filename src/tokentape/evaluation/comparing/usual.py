"""The comparison where nobody named one: calls of tools as calls, JSON as JSON, prose as prose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import unfit
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.fuzzy import USUAL, Fuzzy
from tokentape.evaluation.comparing.jsons import Jsons
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.toolcalls import ToolCalls

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Comparator, Pair, Verdict
    from tokentape.evaluation.comparing.kind import Given


@dataclass(frozen=True, slots=True)
class Usual:
    """`prose` is what texts are compared with."""

    name: str
    prose: Fuzzy = field(default=Fuzzy("fuzzy"))

    def compare(self, pair: Pair) -> Verdict:
        """What the comparator says that fits the recorded reply, with its name before the reason."""
        if (verdict := unfit(pair)) is not None:
            return verdict
        fitting = self._fitting(pair)
        found = fitting.compare(pair)
        return found._replace(reason=f"{fitting.name}: {found.reason}")

    def _fitting(self, pair: Pair) -> Comparator:
        if pair.before.calls or pair.after.calls:
            return _CALLS
        found = pair.before.json
        # A word or number is JSON, too, and so is the `[1]` of a text; both are compared as texts.
        if found is not None and not found.in_prose and isinstance(found.value, dict | list):
            return _JSON
        return self.prose


_CALLS, _JSON = ToolCalls("toolcalls"), Jsons("json")


def _make(given: Given) -> Usual:
    demand(given, "rapidfuzz")
    word = given.only_word("threshold")
    enough = given.number(word, "the threshold", high=1.0) if word else USUAL
    return Usual(given.name, Fuzzy("fuzzy", enough))


KIND = Kind(
    "usual",
    means="that of toolcalls where a tool is called, of json for JSON, of fuzzy for prose",
    passes=f"as there; the threshold is that for prose, {USUAL:g} where none is given",
    make=_make,
    words="threshold",
    is_symmetric=False,
    example="usual",
)
