"""Texts that mean alike: the cosine of their embeddings.

By a small model that comes with the extra `embeddings` and needs no network, or by a model at an endpoint.
What is similar is for each model to say: two sentences of one meaning have 0.3 with one, and 0.8 with
another. So there is no usual threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING

from tokentape.evaluation.comparing import wordvectors
from tokentape.evaluation.comparing.comparator import (
    Difference,
    Texts,
    Unanswered,
    Vectors,
    Verdict,
    does_not_apply,
    unfit,
)
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.judge import UNANSWERED, model_of
from tokentape.evaluation.comparing.kind import Kind
from tokentape.evaluation.comparing.plain import one_line, parted, spoken

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tokentape.evaluation.comparing.comparator import Answer, Asking, Comparator, Pair, Question, Side
    from tokentape.evaluation.comparing.kind import Given

    Vector = Sequence[float]

PIECE, PIECES = 8_000, 32
"""Characters that are embedded at once, since models take so much at least, and how often. The vector of a
long text is the mean of its pieces'."""

CUT, UNUSABLE = "cut for the embedding", "no embedding"
"""Flags."""

_WIDTH = 240


@dataclass(frozen=True, slots=True)
class Offline:
    """By the model that is installed."""

    name: str
    threshold: float | None = None

    def compare(self, pair: Pair) -> Verdict:
        """How similar the texts are."""
        if (verdict := _without_asking(pair)) is not None:
            return verdict
        every = [pieces(pair.before), pieces(pair.after)]
        before, after = (wordvectors.vectors(found) for found in every)
        return _judged(pair, self.threshold, (before, after))


@dataclass(frozen=True, slots=True)
class Embedding:
    """By `model` at an endpoint (`UPSTREAM/MODEL`)."""

    name: str
    model: str
    threshold: float | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Whom it asks."""
        return (self.model,)

    def plan(self, pair: Pair) -> Generator[Question, Answer, Verdict]:
        """Each reply by itself, so that one recorded reply is embedded once, whatever it is compared with."""
        if (verdict := _without_asking(pair)) is not None:
            return verdict
        found: list[Sequence[Vector]] = []
        for side in (pair.before, pair.after):
            texts = pieces(side)
            answer = yield Texts(self.model, texts)
            if isinstance(answer, Unanswered):
                return does_not_apply(one_line(f"{self.model}: {answer.why}", _WIDTH), UNANSWERED)
            if not isinstance(answer, Vectors) or len(answer.vectors) != len(texts):
                return does_not_apply(one_line(f"{self.model}: not a vector for each text", _WIDTH), UNUSABLE)
            found.append(answer.vectors)
        return _judged(pair, self.threshold, (found[0], found[1]))


def pieces(side: Side) -> tuple[str, ...]:
    """What is embedded of a reply: text and calls, in pieces of a length that models take."""
    text = spoken(side.reply, side.text).encode("utf-8", "replace").decode()
    return tuple(text[at : at + PIECE] for at in range(0, min(len(text), PIECE * PIECES), PIECE))


def cosine(one: Sequence[Vector], other: Sequence[Vector]) -> float | None:
    """Of the means of both groups of vectors, from -1 to 1; None where there is none: vectors of other
    lengths, of zeros, or of what is no number.
    """
    lengths = {len(vector) for vector in (*one, *other)}
    if len(lengths) != 1 or not (one and other):
        return None
    try:
        a, b = ([math.fsum(column) for column in zip(*group, strict=True)] for group in (one, other))
    except (OverflowError, ValueError):  # a sum beyond all numbers, or of both infinities
        return None
    size = math.hypot(*a) * math.hypot(*b)
    if not (math.isfinite(size) and size > 0):
        return None
    found = math.fsum(x * y for x, y in zip(a, b, strict=True)) / size
    return max(-1.0, min(1.0, found)) if math.isfinite(found) else None


def _without_asking(pair: Pair) -> Verdict | None:
    """The verdict where no vector is needed."""
    if (verdict := unfit(pair)) is not None:
        return verdict
    before, after = pair.before.folded, pair.after.folded
    if before == after:
        return Verdict(1.0, True, "the replies are equal")
    if not (before and after):
        which = "new" if before else "recorded"
        return Verdict(
            0.0, False, f"the {which} reply is empty", (Difference("text", before[:400], after[:400]),)
        )
    return None


def _judged(
    pair: Pair, threshold: float | None, vectors: tuple[Sequence[Vector], Sequence[Vector]]
) -> Verdict:
    found = cosine(*vectors)
    if found is None:
        return does_not_apply("the vectors have no cosine", UNUSABLE)
    # Only equal replies score 1, and those have no vectors.
    score = min(max(found, 0.0), 0.999_999)
    longest = max(len(spoken(side.reply, side.text)) for side in (pair.before, pair.after))
    flags = (CUT,) if longest > PIECE * PIECES else ()
    passed = None if threshold is None else score >= threshold
    reason = f"similar by {floor(score * 1000) / 1000:g}"
    if passed is not None:
        reason = f"{reason}, {'enough' if passed else 'not enough'} for {threshold:g}"
    differences = (Difference("text", *parted(pair.before.folded, pair.after.folded)),)
    return Verdict(score, passed, reason, differences, flags)


def _make(given: Given) -> Comparator | Asking:
    word = given.only_word("model")
    limit = given.options.get("threshold")
    threshold = given.number(limit, "the threshold", high=1.0) if limit is not None else None
    if word is not None:
        return Embedding(given.name, model_of(given, word), threshold)
    demand(given, "wordllama", "embeddings")
    return Offline(given.name, threshold)


KIND = Kind(
    "embedding",
    means="cosine of the embeddings of both texts, 0 where it is negative; 1 only for equal texts",
    passes="at least the threshold; neither passed nor failed without one",
    make=_make,
    words="model",
    options={"threshold": "the cosine that is enough; what that is depends on the model"},
    example="embedding:openai/text-embedding-3-small,threshold=0.8",
)
