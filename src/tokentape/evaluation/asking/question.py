"""What is asked, and of whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.deck import Deck
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.usage import Usage
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Question(Protocol):
    """A recorded call (`corpus.row.Row` is one), as far as asking it again goes."""

    @property
    def id(self) -> str:
        """The id of the interaction."""
        ...

    @property
    def conversation(self) -> Conversation | None:
        """What was asked; None where it cannot be read, and `why_not` says why."""
        ...

    @property
    def why_not(self) -> str:
        """Why it cannot be used, in words."""
        ...

    @property
    def headers(self) -> Headers:
        """The header fields of the recorded request."""
        ...

    @property
    def usage(self) -> Usage | None:
        """The tokens that the recorded reply counts; None where it does not say."""
        ...

    @property
    def seconds(self) -> float | None:
        """How long the recorded reply took; None where nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class Lane:
    """One target, and the open cassette with its answers.

    Each target has a cassette of its own: a recording is found by dialect, model and body, so two upstreams
    that serve the same model would take each other's answers.
    """

    candidate: Candidate
    deck: Deck
    asks: bool = True
    """False: only what was answered before is found."""

    @property
    def label(self) -> str:
        """`upstream/model`."""
        return self.candidate.label


@dataclass(frozen=True, slots=True)
class Changes:
    """What is asked differently from the recording. `system` replaces all system text; `parameters` are
    canonical option names, and win. `stream`: answers are asked for as streams, so that the time to their
    first chunk is known. `lossy`: what would lose its meaning is asked all the same, and not skipped.
    """

    system: str | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    stream: bool = True
    lossy: bool = False


UNCHANGED = Changes()
