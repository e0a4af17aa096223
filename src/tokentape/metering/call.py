"""What one recording says about its price: all that is kept of a call that was replayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise, usage_of
from tokentape.wire.interaction import How
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from tokentape.protocols.registry import Recognised
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Interaction

_NEVER_SENT = frozenset({How.CONNECT_ERROR, How.CONNECT_TIMEOUT, How.TLS_ERROR})
_SEGMENTS = 8
"""Parts of a URL, scheme and host included, that may say who charges; ids come later or do not matter."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as far as its price goes; small and hashable. `problem` says why nothing is known of it.

    `usage` and `billed` come without the reply's own object. `failed` calls got an error for an answer, or
    never reached anybody.
    """

    site: str = ""
    dialect: str = "http"
    kind: Kind = Kind.OTHER
    asked: str | None = None
    answered: str | None = None
    failed: bool = False
    usage: Usage | None = None
    billed: Usage | None = None
    tier: str | None = None
    charged: float | None = None
    problem: str = ""

    @property
    def is_of_a_model(self) -> bool:
        """True if a model was asked, and answered."""
        return self.kind in _ASKING and not self.failed

    @property
    def is_counted(self) -> bool:
        """True if all its tokens are known, or there are none."""
        if not self.is_of_a_model:
            return True
        if self.usage is None or self.usage.input is None:
            return False
        return self.usage.output is not None or self.kind is not Kind.GENERATE

    @property
    def model(self) -> str:
        """The model as the program calls it."""
        return self.asked or self.answered or "(no model)"


_ASKING = frozenset({Kind.GENERATE, Kind.EMBED, Kind.MEDIA})


def call_of(interaction: Interaction, found: Recognised | None = None) -> Call:
    """The call that was recorded; `found` is what its request is, where somebody has looked already."""
    found = found or recognise(interaction.request)
    operation = found.operation
    usage = _usage(found, interaction)
    return Call(
        site="/".join(split_query(interaction.request.url)[0].split("/", _SEGMENTS)[:_SEGMENTS]),
        dialect=operation.dialect,
        kind=operation.kind,
        asked=operation.model,
        answered=usage.model if usage else None,
        failed=_failed(interaction),
        usage=_bare(usage),
        billed=_bare(usage.billed) if usage else None,
        tier=usage.tier if usage else None,
        charged=usage.charged if usage else None,
    )


def _usage(found: Recognised, interaction: Interaction) -> Usage | None:
    """What the reply counts; a stream that was cut before its end counted a part at the most."""
    if interaction.response is None or interaction.ended.terminal is False:
        return None
    return usage_of(found, interaction.response)


def _failed(interaction: Interaction) -> bool:
    if interaction.response is None:
        return interaction.ended.how in _NEVER_SENT
    return interaction.response.status >= 400


def _bare(usage: Usage | None) -> Usage | None:
    return replace(usage, raw={}, billed=None) if usage else None


def duration(interaction: Interaction) -> int:
    """Milliseconds from the start of the call to the last piece of its reply."""
    return (interaction.timing.head_ms or 0) + sum(interaction.timing.chunk_ms)
