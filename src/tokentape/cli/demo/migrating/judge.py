"""The demo's judge: it knows the right answers, and counts how much of them each reply holds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.testing.provider import Turn
from tokentape.testing.provider.personas.draw import Draw
from tokentape.testing.provider.personas.references import structured
from tokentape.testing.provider.turn import Question

if TYPE_CHECKING:
    from tokentape.testing.provider import References

BIAS = 0.06
"""Of replies that are alike it prefers the first one in this share, as judges do."""
ENOUGH, LITTLE = 0.25, 0.5
"""How much less of the right answer prose may hold to be as good, and to be a little worse."""

_PIECE = re.compile(
    r"^\[(?P<mark>[0-9a-f]{10})\] (?P<title>[^\n]*)\n(?P<text>.*?)(?=^\[(?P=mark)\] |\Z)", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Judge:
    """What is said to a question that shows a request and two replies; None to any other."""

    known: References

    def __call__(self, question: Question) -> Turn | None:
        """The opinion, as the one JSON object that was asked for."""
        pieces = [(found["title"], found["text"].strip()) for found in _PIECE.finditer(question.text)]
        if not pieces:
            return None
        asked = [text for title, text in pieces if title == "the request, user says"]
        results = tuple(text for title, text in pieces if title.startswith("the request, result of"))
        right = self.known.answer(Question("", _last_line(asked), results=results))
        if right is None:
            return Turn(_opinion("I cannot tell them apart.", "same"))
        first, second = (_words(_said(pieces, name)) for name in ("reply A", "reply B"))
        wanted = _words(_told(right))
        return Turn(_compared(wanted, first, second, exact=_is_exact(right), draw=Draw(_last_line(asked))))


def _compared(wanted: set[str], first: set[str], second: set[str], *, exact: bool, draw: Draw) -> str:
    lack = [len(wanted - said) / max(len(wanted), 1) for said in (first, second)]
    apart = abs(lack[0] - lack[1])
    if apart <= (0 if exact else ENOUGH):
        if draw.falls("bias", BIAS):
            return _opinion("Both are right, the first one reads better.", "A", "little")
        return _opinion("Both say what was asked for.", "same")
    better, worse = ("A", "B") if lack[0] < lack[1] else ("B", "A")
    missing = sorted(wanted - (second if worse == "B" else first))[:3]
    said = f"Reply {worse} lacks {', '.join(missing)}."
    return _opinion(said, better, "little" if apart <= LITTLE else "much")


def _opinion(why: str, better: str, by: str = "little") -> str:
    return json.dumps({"why": why, "better": better, "by": by})


def _said(pieces: list[tuple[str, str]], name: str) -> str:
    return "\n".join(f"{title}\n{text}" for title, text in pieces if title.startswith(name))


def _told(right: Turn) -> str:
    return "\n".join([right.text, *(f"{call.name} {call.json}" for call in right.calls)])


def _is_exact(right: Turn) -> bool:
    return bool(right.calls) or structured(right.text) is not None or " " not in right.text


def _last_line(asked: list[str]) -> str:
    """What the user said last, without the remark that stands for a picture."""
    said = asked[-1] if asked else ""
    return re.sub(r"^\(image[^\n]*\)\n", "", said)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
