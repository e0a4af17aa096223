"""What is known about a call besides its request: its class and conversation, what an upstream needs back,
and what its answer uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.traits import traits_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.asking import Asking
    from tokentape.gateway.exchange import Answer
    from tokentape.gateway.preparing import Prepared
    from tokentape.gateway.record import Record
    from tokentape.gateway.targets import Traits
    from tokentape.protocols.usage import Usage
    from tokentape.upstreams.upstream import Candidate, Credential


class Around:
    """One call's surroundings."""

    def __init__(self, asking: Asking, record: Record) -> None:
        self._asking, self._record = asking, record
        self.kind: str | None = asking.call.incoming.naming.kind
        self.affinity: str | None = None

    def traits(self) -> Traits:
        """What the request holds; only asked where a condition needs it."""
        return traits_of(self._asking.conversation)

    def change(self, candidate: Candidate, credential: Credential) -> Callable[[Prepared], Prepared] | None:
        """What puts into the request what the upstream needs back; None: nothing."""
        return None

    def tap(self, answer: Answer) -> Tap:
        """What hears the answer as it goes by."""
        return Tap()


class Tap:
    """Hears the bytes of an upstream's reply, for what it used."""

    def whole(self, body: bytes) -> None:
        """A whole reply."""

    def hear(self, data: bytes) -> None:
        """The next piece of a stream."""

    def done(self, complete: bool) -> Usage | None:
        """The end; what was used, as far as the reply says."""
        return None
