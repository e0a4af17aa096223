"""What is known about a call besides its request: its class, its conversation, what its answer uses.

Each is found out when somebody asks: a call that is only passed on pays for none of it.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.classes import Request, class_of
from tokentape.gateway.conversations.identity import Seen
from tokentape.gateway.giving import Giving
from tokentape.gateway.hearing import Hearing
from tokentape.gateway.telemetry.spans import NO_CALL
from tokentape.gateway.traits import traits_of
from tokentape.gateway.usage.tap import UsageTap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.gateway.asking import Asking
    from tokentape.gateway.classes import Classified
    from tokentape.gateway.conversations.identity import Identity
    from tokentape.gateway.exchange import Answer
    from tokentape.gateway.record import Record
    from tokentape.gateway.services import Services, Setup
    from tokentape.gateway.targets import Traits
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Candidate, Credential


class Around:
    """One call's surroundings."""

    def __init__(self, services: Services, setup: Setup, asking: Asking, record: Record) -> None:
        self._services, self._setup, self._asking, self._record = services, setup, asking, record
        self._has_choice = False

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
            partial(_readable, self._asking),
            self.classified.name,
        )

    def readable(self) -> Conversation | None:
        """The request in canonical form; None where it cannot be read."""
        return _readable(self._asking)

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
        """The credential to prefer, where there is a choice: of keys, or of targets that share calls. The one
        that sealed something goes before one that only answered.
        """
        found = None
        for candidate in candidates:
            upstream = candidate.upstream
            if len(upstream.credentials) == 1 and not _has_equal(candidate, candidates):
                continue
            self._has_choice = True
            name = self._services.affinity.of(self.identity, upstream.name)
            if name is None:
                continue
            if self._services.affinity.is_bound(self.identity, upstream.name):
                return f"{upstream.name}#{name}"
            found = found or f"{upstream.name}#{name}"
        return found

    def tokens(self, candidates: Sequence[Candidate]) -> int:
        """About how many tokens are asked, where a limit counts them."""
        pools = self._services.pools
        for candidate in candidates:
            if pools.counts_tokens(candidate.upstream):
                return self.traits().tokens
        return 0

    def giving(self, candidate: Candidate, credential: Credential) -> Giving | None:
        """What puts into the request what the upstream needs back; None where no rule cares."""
        fields, upstream, dialect = self._services.fields, candidate.upstream, self._asking.call.dialect
        asked = upstream.speaks(dialect)
        if not fields.rules_for(upstream, candidate.model, asked, passed=asked == dialect).care:
            return None
        return Giving(fields, self, candidate, credential.name, self._record.trace)

    @property
    def is_followed(self) -> bool:
        """True if it matters to which conversation the call belongs: somebody asked, or will read it."""
        return "identity" in self.__dict__

    def hearing(self, answer: Answer) -> Hearing | None:
        """What hears the upstream's answer as it goes by; None where nobody asks."""
        step, arrived = answer.step, answer.arrived
        prepared = arrived.prepared
        if self._record.trace.is_on:
            _ = self.identity  # the trace tells it
        giving = self.giving(step.candidate, step.lease.credential)
        watch = giving.watch(prepared) if giving is not None else None
        spans = self._record.span is not NO_CALL
        counts = self._setup.counts_words or self._record.trace.is_on or bool(step.lease.tickets) or spans
        wants_reply = self.is_followed and self._services.tracker.wants_reply(self.identity, self.seen)
        if not (counts or watch is not None or wants_reply):
            return None
        is_stream = arrived.body is None
        keeps = wants_reply or self._record.attempt.wants_content or (watch is not None and not is_stream)
        tap = self._tap(answer) if counts else None
        is_read = is_stream and prepared.asked is not None
        reply = answer.written.reply if answer.written is not None else None
        found = Hearing(
            prepared.source, tap, watch, is_stream=is_stream, keeps=keeps, is_read=is_read, reply=reply
        )
        for data in arrived.first if arrived.body is None else (arrived.body,):
            found.feed(data)
        return found

    def _tap(self, answer: Answer) -> UsageTap:
        sent, source = answer.arrived.sent, answer.arrived.prepared.source
        says = self._setup.counts_words and bool(source.stream) and source.dialect == "openai.chat"
        return UsageTap(
            source.dialect,
            headers=sent.headers,
            status=sent.status,
            streamed=bool(source.stream),
            says=says,
        )

    def answered(self, answer: Answer, hearing: Hearing) -> None:
        """The answer went out whole: what is learned from it."""
        if not self.is_followed:
            return
        step, identity = answer.step, self.identity
        upstream = step.candidate.upstream
        if self._has_choice:
            name = step.lease.credential.name
            self._services.affinity.made(identity, name, upstream.name, is_bound=hearing.is_bound)
        self._services.tracker.answered(identity, self.seen, hearing.reply)


def _readable(asking: Asking) -> Conversation | None:
    """Asked of the request alone: what is seen of a call must not hold its surroundings, which hold it."""
    try:
        return asking.conversation
    except ProtocolError:
        return None


def _has_equal(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    """True if calls are shared between the candidate and another one, by weight."""
    return any(one is not candidate and one.rank == candidate.rank for one in candidates)
