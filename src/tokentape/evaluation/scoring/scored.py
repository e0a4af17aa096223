"""What came of one question, asked of one target: the two answers, and what comparators say of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.outcome import NO_LOSSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.evaluation.comparing.comparator import Side, Verdict
    from tokentape.evaluation.corpus.row import Row
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import LossReport


class Status(StrEnum):
    """What became of the question (`asking.outcome`)."""

    ANSWERED = "answered"
    SKIPPED = "skipped"
    UNANSWERED = "unanswered"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Scored:
    """One question, one target (`upstream/model`), one sample (from 1).

    `before` is the recorded answer, `after` the target's; None, with the `reason`, where there is none.
    `verdicts` are by the comparator's name, in the order in which they were asked for. `asked` is what the
    target was asked; None where that is as it was recorded.
    """

    row: Row
    target: str
    sample: int
    status: Status
    before: Side
    after: Side | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    losses: LossReport = NO_LOSSES
    reason: str = ""
    asked: Conversation | None = None
