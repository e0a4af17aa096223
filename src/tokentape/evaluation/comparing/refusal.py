"""Does one of the replies refuse where the other one does not?

The evidence, strongest first: the reason why the model stopped, a refusal that the dialect marks as one, an
error of a content filter, and then phrases at the beginning of the text. The phrases are few and plain on
purpose: a reply that refuses politely in other words is not found, and one that answers is not accused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Difference, Verdict, does_not_apply, lacking
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import folded, in_short
from tokentape.evaluation.comparing.refusals import PHRASES
from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.items import Message
from tokentape.protocols.canonical.parts import Refusal as RefusalPart
from tokentape.protocols.canonical.reply import StopReason

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.comparator import Pair, Side
    from tokentape.evaluation.comparing.kind import Given

_STOPS = frozenset({StopReason.REFUSAL, StopReason.CONTENT_FILTER})

_BEGINNING = 200
"""Characters in which a phrase begins: later on, refusals are quoted or concern a part."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """1 where both refuse, or neither does."""

    name: str

    def compare(self, pair: Pair) -> Verdict:
        """The verdict, with the evidence for each refusal."""
        before, after = evidence(pair.before), evidence(pair.after)
        # Half of a reply, or none, can refuse, but that it does not refuse says nothing.
        if not before and (why := lacking("recorded", pair.before)):
            return does_not_apply(why)
        if not after and (why := lacking("new", pair.after)):
            return does_not_apply(why)
        if bool(before) == bool(after):
            return Verdict(1.0, True, f"both refuse: {after}" if after else "neither refuses")
        difference = Difference("refusal", before or None, after or None, "added" if after else "missing")
        if after:
            return Verdict(0.0, False, f"the new reply refuses: {after}", (difference,), ("refuses now",))
        reason = f"the new reply answers what the recorded one refused: {before}"
        return Verdict(0.0, False, reason, (difference,), ("answers now",))


def evidence(side: Side) -> str:
    """What says that a reply refuses, in one line; "" if nothing does."""
    stop, failure = side.reply.stop, side.reply.failure
    if stop is not None and stop.reason in _STOPS:
        return f"it stopped for {in_short(stop.raw or stop.reason.value)}"
    messages = (item for item in side.reply.items if isinstance(item, Message))
    if any(isinstance(part, RefusalPart) for message in messages for part in message.parts):
        return "it has a part that is a refusal"
    if failure is not None and failure.kind is FailureKind.CONTENT_FILTER:
        return "a content filter refused it"
    return "" if side.calls else _phrase(side.text)


def _phrase(text: str) -> str:
    beginning = folded(text[: 4 * _BEGINNING]).replace("’", "'")
    for language, phrases in PHRASES.items():
        for phrase in phrases:
            if 0 <= beginning.find(phrase) <= _BEGINNING:
                return f"it says {in_short(phrase)} ({language})"
    return ""


def _make(given: Given) -> Refusal:
    return Refusal(given.name)


KIND = Kind(
    "refusal",
    means="1 if both replies refuse or neither does, else 0; the reason names the evidence",
    passes="both or neither",
    make=_make,
    example="refusal",
)
