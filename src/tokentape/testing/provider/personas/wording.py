"""Prose: longer, shorter, in other words, with an apology, and declined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.testing.provider.personas.draw import Draw

REFUSAL = "I'm sorry, but I can't help with that request."
APOLOGY = "I apologize, I may be missing something here."
FILLERS = (
    "Let me know if you would like more detail on any part of this.",
    "This follows from what was given in the question.",
    "There may be further aspects that are worth a look.",
    "I hope that this is what you were looking for.",
    "In other words, nothing else in the text speaks against it.",
    "Please note that this is a general answer and does not replace advice.",
)
WORDS = {
    "and": "as well as",
    "because": "since",
    "but": "though",
    "customer": "client",
    "wants": "would like",
    "asks": "requests",
    "is": "appears to be",
    "are": "seem to be",
    "The": "Apparently the",
}
"""What a paraphrase says instead."""
_WORD = re.compile(r"\b(?:" + "|".join(WORDS) + r")\b")


def sentences(text: str) -> list[str]:
    """The sentences of a text, roughly."""
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


def apologised(text: str) -> str:
    """The text behind an apology."""
    return f"{APOLOGY} {text}".rstrip()


def reworded(text: str, draw: Draw) -> str:
    """A paraphrase, or where the text has no word that is known, the text behind a remark."""
    told = _WORD.sub(lambda found: WORDS[found[0]], text)
    return told if told != text else f"{draw.pick('filler', FILLERS)} {text}".rstrip()


def paced(text: str, verbosity: float, draw: Draw) -> str:
    """The text at about so many times its length: with sentences that say nothing, or without its last."""
    wanted, parts = verbosity * len(text), sentences(text)
    if verbosity < 1:
        while len(parts) > 1 and len(" ".join(parts)) > wanted:
            parts.pop()
        return " ".join(parts)
    added = text
    start = int(draw.share("filler") * len(FILLERS))
    for nth in range(start, start + 64):
        filler = FILLERS[nth % len(FILLERS)]
        if len(added) + len(filler) // 2 > wanted:
            return added
        added = f"{added} {filler}".lstrip()
    return added
