"""A reply in canonical form: what the model said, why it stopped, what it used."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json


class StopReason(StrEnum):
    """Why the model stopped."""

    END = "end"
    """It was done."""
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    """The output limit of the request or the model."""
    CONTEXT_WINDOW = "context_window"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    """Not done: the caller sends the turn back, and the model goes on."""
    ERROR = "error"
    CANCELLED = "cancelled"
    OTHER = "other"


@quick
@dataclass(frozen=True, slots=True)
class Stop:
    """`raw` is the dialect's own word, `sequence` the stop sequence that was met, `detail` what else the
    reply says about it.
    """

    reason: StopReason
    raw: str | None = None
    sequence: str | None = None
    detail: Json = None


@quick
@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. `stop` is None where the reply does not say why it ended, or has not."""

    items: tuple[Item, ...]
    stop: Stop | None = None
    index: int = 0
    origin: Origin | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. One choice, but for those who ask for several; `created` is seconds since 1970.

    `complete` is False for a stream that ended before its own end; `failure` is an error told inside the
    reply (in a stream, or by a status of its own).
    """

    choices: tuple[Choice, ...]
    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    usage: Usage | None = None
    complete: bool = True
    failure: Failure | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of the first choice."""
        return self.choices[0].items if self.choices else ()

    @property
    def stop(self) -> Stop | None:
        """Why the first choice ended."""
        return self.choices[0].stop if self.choices else None

    @property
    def is_nothing(self) -> bool:
        """True where no item came, no word of why it ended, and no error: it was no reply of this dialect,
        whatever its status said.
        """
        said = any(one.items or (one.stop is not None and one.stop.raw is not None) for one in self.choices)
        return self.complete and self.failure is None and not said


def note_failed(reply: Reply, losses: Losses) -> None:
    """Note what a reply said before it failed, for a dialect that tells an error alone."""
    if any(choice.items for choice in reply.choices):
        losses.meaning((), "what was said before the error", "an error is told alone")
