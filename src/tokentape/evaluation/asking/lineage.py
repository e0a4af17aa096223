"""Where an answer comes from: what its recording notes of its question."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from tokentape.evaluation.asking.question import Lane, Question
    from tokentape.outcomes import Forward
    from tokentape.wire.interaction import Interaction, Json


class Lineage:
    """For the answers of one target.

    Samples are numbered as their recordings stand in the cassette: by key, in the order they started. So one
    that failed leaves no gap, and the next run gives no number twice.
    """

    def __init__(self, lane: Lane) -> None:
        self._label, cassette = lane.label, lane.deck.cassette
        entries = cassette.entries if cassette is not None else ()
        self._recorded = Counter(entry.key for entry in entries)
        self._keys = {entry.id: entry.key for entry in entries}
        self._started: defaultdict[str, list[float]] = defaultdict(list)
        """By key, when the calls of this run started that are under way, or were answered."""

    def starts(self, forward: Forward) -> None:
        """A question goes out."""
        self._started[forward.key].append(forward.at)

    def fails(self, forward: Forward) -> None:
        """It has no answer that is kept."""
        self._started[forward.key].remove(forward.at)

    def of(self, forward: Forward, question: Question, refused: Collection[str]) -> dict[str, Json]:
        """What the recording of its answer notes."""
        key = forward.key
        found: dict[str, Json] = {
            **forward.metadata,
            "migrated_from": question.id,
            "target": self._label,
            "sample": self._recorded[key] + self._started[key].index(forward.at) + 1,
        }
        if refused:
            found["refused"] = [*sorted(refused)]
        return found

    def has(self, recalled: Interaction, sample: int) -> bool:
        """True if so many answers of earlier runs are recorded to the question that this one answers."""
        return sample <= self._recorded[self._keys.get(recalled.id, "")]
