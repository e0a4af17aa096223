"""What a judge said: which reply is better, and by how much. Read tolerantly, but never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tokentape.evaluation.comparing.found import found_json
from tokentape.evaluation.comparing.plain import text_of, unfenced
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

ASKED_FOR = '{"why": "one or two sentences", "better": "A" or "B" or "same", "by": "little" or "much"}'

_SAME = frozenset({"same", "tie", "equal", "equally good", "both", "neither", "none"})
_LITTLE = frozenset({"little", "a little", "a little bit", "slight", "slightly", "minor", "small"})


class Opinion(NamedTuple):
    """`better` is about the replies as they are, not as they were laid out."""

    better: Literal["recorded", "new", "same"]
    is_much: bool
    why: str

    @property
    def score(self) -> float:
        """How far the new reply is as good as the recorded one."""
        if self.better != "recorded":
            return 1.0
        return 0.0 if self.is_much else 0.5

    @property
    def words(self) -> str:
        """In words."""
        if self.better == "same":
            return "as good"
        return f"{'much' if self.is_much else 'a little'} {'better' if self.better == 'new' else 'worse'}"


def opinion_of(reply: Reply, *, recorded_first: bool, alone: bool = False) -> Opinion | None:
    """The opinion in a reply; None where there is none that can be read, or more than one: a judge that
    quotes a verdict out of the replies gives none of its own by that.

    Where the replies hold one to be quoted, only an object that stands `alone` is the judge's own.
    """
    said = _object_in(text_of(reply), alone=alone)
    if not isinstance(said, dict):
        return None
    better = _word(said.get("better")).removeprefix("reply ")
    why = said.get("why")
    reason = why if isinstance(why, str) else ""
    if better in _SAME:
        return Opinion("same", False, reason)
    if better not in ("a", "b"):
        return None
    is_recorded = (better == "a") is recorded_first
    return Opinion("recorded" if is_recorded else "new", _word(said.get("by")) not in _LITTLE, reason)


def _object_in(text: str, *, alone: bool) -> Json:
    if text.count('"better"') != 1:
        return None
    if not alone:
        found = found_json(text)
        return found.value if found is not None else None
    try:
        return parse(unfenced(text))
    except JsonError:
        return None


def _word(value: object) -> str:
    return " ".join(value.split()).casefold().rstrip(".!") if isinstance(value, str) else ""
