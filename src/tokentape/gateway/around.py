"""What is known about a call besides its request: its class, its conversation, what its answer uses.

Each is found out when somebody asks: a call that is only passed on pays for none of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.classes import Request, class_of
from tokentape.gateway.conversations.identity import Seen
from tokentape.gateway.traits import traits_of
from tokentape.gateway.usage.tap import Counted, UsageTap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.gateway.asking import Asking
    from tokentape.gateway.classes import Classified
    from tokentape.gateway.conversations.identity import Identity
    from tokentape.gateway.exchange import Answer
    from tokentape.gateway.preparing import Prepared
    from tokentape.gateway.record import Record
    from tokentape.gateway.services import Services, Setup
    from tokentape.gateway.targets import Traits
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Candidate, Credential


class Around:
    """One call's surroundings."""

    def __init__(self, services: Services, setup: Setup, asking: Asking, record: Record) -> None:
        self._services, self._setup, self._asking, self._record = services, setup, asking, record

    @cached_property
    def classified(self) -> Classified:
        """The request class, and why."""
        call = self._asking.call
        request = Request(
            call.dialect,
            call.found.operation.name,
            call.model,
            call.incoming.request.headers,
            call.fields,
        )
        found = class_of(request, call.incoming.naming, self._setup.classes)
        self._record.trace.note("class", name=found.name, evidence=found.evidence)
        return found

    @property
    def kind(self) -> str | None:
        """The request class, where anything depends on it."""
        if self._setup.wants_class or self._record.trace.is_on:
            return self.classified.name
        return self._asking.call.incoming.naming.kind

    @cached_property
    def seen(self) -> Seen:
        """The call as far as it tells where it belongs."""
        call = self._asking.call
        return Seen(
            call.incoming.client.key,
            call.incoming.naming,
            call.incoming.request.headers,
            call.dialect,
            call.fields,
            self._readable,
            self.classified.name,
        )

    def _readable(self) -> Conversation | None:
        try:
            return self._asking.conversation
        except ProtocolError:
            return None

    @cached_property
    def identity(self) -> Identity:
        """The conversation that the call belongs to."""
        found = self._services.tracker.identify(self.seen)
        self._record.trace.note("conversation", id=found.id, evidence=found.evidence, linked=found.linked)
        return found

    def traits(self) -> Traits:
        """What the request holds."""
        return traits_of(self._asking.conversation)

    def affinity(self, candidates: Sequence[Candidate]) -> str | None:
        """The credential to prefer, where there is a choice."""
        for candidate in candidates:
            upstream = candidate.upstream
            if len(upstream.credentials) > 1:
                name = self._services.affinity.of(self.identity, upstream.name)
                if name is not None:
                    return f"{upstream.name}#{name}"
        return None

    def tokens(self, candidates: Sequence[Candidate]) -> int:
        """About how many tokens are asked, where a limit counts them."""
        counts = any(
            window.tokens is not None
            for candidate in candidates
            for credential in candidate.upstream.credentials
            for window in credential.limits.windows
        )
        return self.traits().tokens if counts else 0

    def change(self, candidate: Candidate, credential: Credential) -> Callable[[Prepared], Prepared] | None:
        """What puts into the request what the upstream needs back; None: nothing."""
        return None

    def tap(self, answer: Answer) -> UsageTap | None:
        """What hears the upstream's answer as it goes by, for what it used; None where nobody asks."""
        arrived = answer.arrived
        lease = answer.step.lease
        if not (self._setup.counts_words or self._record.trace.is_on or lease.tickets):
            return None
        source = arrived.prepared.source
        says = self._setup.counts_words and bool(source.stream) and source.dialect == "openai.chat"
        tap = UsageTap(
            source.dialect,
            headers=arrived.sent.headers,
            status=arrived.sent.status,
            streamed=bool(source.stream),
            says=says,
        )
        for data in arrived.first if arrived.body is None else (arrived.body,):
            tap.feed(data)
        return tap

    def answered(self, answer: Answer, counted: Counted) -> None:
        """The answer went out whole: what is learned from it."""
        step = answer.step
        if "identity" in self.__dict__:
            self._services.affinity.made(
                self.identity, step.lease.credential.name, step.candidate.upstream.name
            )
