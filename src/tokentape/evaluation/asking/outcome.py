"""What came of one question: an answer, or in words why there is none.

Answer      it was asked, now or in an earlier run
Skipped     the target cannot be asked this: something would be lost that changes the meaning
Unanswered  it was asked, and no answer came
Left        it was not asked, since the run was over for this target
Shared      another question of the run comes to the same request, so they have one answer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tokentape.evaluation.asking.question import Question
from tokentape.metering.call import duration
from tokentape.protocols.canonical.losses import LossReport

if TYPE_CHECKING:
    from tokentape.metering.cost import Cost
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.upstreams.failures import FailureClass
    from tokentape.upstreams.steps import Attempt
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Interaction

Q = TypeVar("Q", bound=Question)

NO_LOSSES = LossReport()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply. `is_new`: it was asked for in this run; `is_kept` False: it could not be recorded, so
    the next run asks again.
    """

    interaction: Interaction
    reply: Reply
    cost: Cost
    is_new: bool = True
    is_kept: bool = True
    attempts: tuple[Attempt, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the whole reply took."""
        return duration(self.interaction) / 1000

    @property
    def first(self) -> float | None:
        """How long its first chunk took."""
        timing = self.interaction.timing
        if timing.head_ms is None:
            return None
        return (timing.head_ms + sum(timing.chunk_ms[:1])) / 1000


@dataclass(frozen=True, slots=True)
class Skipped:
    """The reason is the loss report's."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """`kind` says what failed, as far as it matters for the next question."""

    kind: FailureClass
    reason: str
    attempts: tuple[Attempt, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """It remains to be asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The answer, or the reason why there is none, is the other question's."""


Result = Answer | Skipped | Unanswered | Left | Shared


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Q]):
    """One question, asked of one target; `sample` counts from 1. `losses` is what the fitting and the
    translation changed.
    """

    question: Q
    target: Candidate
    sample: int
    result: Result
    losses: LossReport = NO_LOSSES
