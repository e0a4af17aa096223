"""What is asked about a call, and what is told: the conversation it belongs to, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.call import Naming
    from tokentape.gateway.conversations.chain import Chain
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as far as it tells where it belongs. `client` is the fingerprint of the client's key.

    `conversation` reads the request in canonical form; it is asked only where nothing else decides, and
    gives None for what cannot be read. `kind` is the request class: only "main" moves a conversation on.
    """

    client: str
    naming: Naming
    headers: Headers
    dialect: str
    fields: dict[str, Json]
    conversation: Callable[[], Conversation | None]
    kind: str = "main"


@dataclass(frozen=True, slots=True)
class Identity:
    """The conversation of a call. `evidence` says in words what decided, for the trace.

    `linked` is the conversation that this one came from: by an edit, a compaction, or a parent agent. It is
    another conversation; state of it may be read and is never changed.
    """

    id: str
    evidence: str
    linked: str | None = None
    place: Chain | None = field(default=None, compare=False, repr=False)
    """Where in its history the request stands; None where nothing has to be compared."""

    @property
    def is_compared(self) -> bool:
        """True if the reply has to be told to the tracker for the next request to be known."""
        return self.place is not None
