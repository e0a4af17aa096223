"""What is written down of one call: its trace, its attempts, what it used, and our headers of its reply."""

from __future__ import annotations

import time
from functools import partial
from logging import INFO, WARNING
from typing import TYPE_CHECKING

from tokentape.gateway.forwarding import in_a_field
from tokentape.gateway.logs import complain
from tokentape.gateway.telemetry.spans import NO_ATTEMPT, NO_CALL, NO_TELEMETRY, Answered
from tokentape.gateway.usage.estimates import guess
from tokentape.gateway.usage.spent import NOTHING, Spent
from tokentape.gateway.watched import Watched
from tokentape.outcomes import Miss
from tokentape.protocols.fastjson import loads
from tokentape.upstreams.failures import FailureClass
from tokentape.upstreams.steps import attempts_header
from tokentape.wire.jsontext import JsonError
from tokentape.wire.url import path_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.call import Incoming
    from tokentape.gateway.delivering import Written
    from tokentape.gateway.exchange import Answer
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.targets import Resolved
    from tokentape.gateway.telemetry.spans import Telemetry
    from tokentape.gateway.trace.trace import Trace
    from tokentape.gateway.usage.ledger import Ledger
    from tokentape.gateway.usage.tap import Counted, UsageTap
    from tokentape.outcomes import Replay
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.protocols.dialect import Operation
    from tokentape.upstreams.failures import Failed
    from tokentape.upstreams.sending import Sent
    from tokentape.upstreams.steps import Attempt, Try
    from tokentape.wire.message import Headers

_OUR_WORDS = (FailureClass.api_connection, FailureClass.unsupported_operation)
"""Without a status these failures are told in the gateway's words."""
_SHOWN = 5
"""Losses that the header names; the trace has them all."""


class Record:
    """The book of one call. Nothing in it delays or breaks the call."""

    def __init__(
        self,
        incoming: Incoming,
        operation: Operation,
        model: str,
        trace: Trace,
        ledger: Ledger,
        telemetry: Telemetry = NO_TELEMETRY,
    ) -> None:
        self.incoming, self.operation, self.model, self.trace = incoming, operation, model, trace
        self._ledger = ledger
        self.span = NO_CALL
        self.attempt = NO_ATTEMPT
        """The span of the attempt that is made, or that answered."""
        if telemetry.is_on:
            request = incoming.request
            self.span = telemetry.call(request.method, path_of(request.url), request.headers)
            self.span.recognised(operation, model=model or None, session=incoming.naming.session)
        self._counted = NOTHING
        self._tap: UsageTap | None = None
        self._began = time.perf_counter()
        self._number = 0
        self.attempts: list[Attempt] = []
        """The plan's log."""
        self._step: Try | None = None
        self._losses: dict[str, None] = {}
        self._replayed: str | None = None
        self._missed: str | None = None
        self.first_byte: float | None = None
        self.error: str | None = None
        self.status: int | None = None
        self.done = False
        self.notes: list[tuple[str, str]] = []
        """More header fields of the reply."""
        if trace.is_on:
            trace.form("client_request", incoming.request)
            trace.tell(
                client=incoming.client.name,
                model=model,
                dialect=operation.dialect,
                operation=operation.name,
                session=incoming.naming.session,
            )

    def headers(self) -> Headers:
        """Our own fields of the reply."""
        found = [("x-tokentape-id", self.incoming.id), *self.notes]
        if self.attempts:
            found.append(("x-tokentape-attempts", attempts_header(self.attempts)))
        if self._step is not None:
            found.append(("x-tokentape-upstream", in_a_field(self._step.candidate.label)))
        if self._losses:
            found.append(("x-tokentape-losses", in_a_field("; ".join(list(self._losses)[:_SHOWN]))))
        if self._replayed is not None:
            found.append(("x-tokentape-replayed", self._replayed))
        return tuple(found)

    def replayed(self, answer: Replay | Miss) -> None:
        """The tape answered."""
        self._replayed = answer.interaction.id or None
        self.trace.tell(replayed=answer.interaction.id or "miss")
        if isinstance(answer, Miss):
            self._missed = _first_line(answer)
        if answer.interaction.response is not None:
            self.trace.form("client_reply", answer.interaction.response)

    def routed(self, resolved: Resolved) -> None:
        """Where it may go."""
        if self.trace.is_on:
            self.trace.note(
                "route",
                candidates=[candidate.label for candidate in resolved.candidates],
                alias=resolved.alias,
                group=resolved.group,
                route=resolved.route,
            )

    def next_attempt(self, step: Try) -> int:
        """A try begins; its number, from 1."""
        self._number += 1
        self._step = step
        self.attempt = self.span.attempt(step.candidate)
        return self._number

    def failed(self, failed: Failed) -> None:
        """The try came to nothing."""
        self.attempt.end(Answered(failed.status, error=failed.kind.value))

    def attempted(self) -> None:
        """All tries are over."""
        if not self.trace.is_on:
            return
        for one in self.attempts:
            self.trace.note("attempt", said=str(one), seconds=one.seconds, waited=one.waited)
        self.trace.tell(attempts=len(self.attempts))

    def upstream_failed(self, failed: Failed) -> None:
        """The last try failed, and its error goes on to the client."""
        self.trace.note("error", kind=failed.kind.value, said=failed.message, status=failed.status)

    def broke(self, failure: Failure) -> None:
        """A stream went wrong after it had begun to show."""
        self.error = failure.message
        self.trace.note("error", kind=failure.kind.value, said=failure.message)

    def lost(self, losses: LossReport) -> None:
        """What a translation could not carry over."""
        for loss in losses:
            if str(loss) not in self._losses:
                self._losses[str(loss)] = None
                self.trace.note("loss", said=str(loss))

    def client_reply(self, reply: Written) -> None:
        """A whole reply goes out."""
        self.first_byte = time.perf_counter() - self._began
        if self.trace.is_on:
            self.trace.form("client_reply", reply.body, status=reply.status, headers=reply.headers)

    def upstream_began(self, sent: Sent) -> None:
        """The head of the reply of the upstream that is asked now."""
        name = f"upstream_reply#{self._number}"
        self.trace.form(name, None, status=sent.status, headers=sent.headers)

    def upstream_said(self, data: bytes) -> None:
        """More of the reply of the upstream that is asked now."""
        self.trace.chunk(f"upstream_reply#{self._number}", data)

    def overheard(self, answer: Answer, hear: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """`hear`, with the trace hearing it, too. Of a stream that goes on as it is, it has what the client
        gets.
        """
        if not self.trace.is_on or answer.arrived.prepared.is_same:
            return hear

        def both(data: bytes) -> None:
            self.upstream_said(data)
            hear(data)

        return both

    def began_to_show(self) -> None:
        """The first bytes of a reply went out."""
        self.span.first_chunk()
        self.attempt.first_chunk()
        self.first_byte = time.perf_counter() - self._began

    def watched(self, outlet: Outlet) -> Outlet:
        """An outlet that shows the trace what goes through it; the same one where nobody looks."""
        looks = self.trace.is_on or self._ledger.options.enabled or self.span is not NO_CALL
        return Watched(outlet, self) if looks else outlet

    def used(self, counted: Counted, step: Try, tap: UsageTap | None) -> None:
        """What the answer used."""
        self._counted, self._step, self._tap = counted, step, tap
        usage = counted.usage
        if usage is not None:
            self.trace.tell(usage=usage.counts)
        self.attempt.end(Answered(self.status or 200, usage, usage.model if usage is not None else None))

    def finish(self, status: int | None, *, error: str | None = None) -> None:
        """The call is over; the first word counts."""
        if self.done:
            return
        self.done = True
        self.status, self.error = status, error or self.error
        if self.error:
            self.trace.tell(error=self.error)
        if self._step is not None:
            self.trace.tell(upstream=self._step.candidate.label)
        if self._ledger.options.enabled:
            spent = self._spent(status)
            self._ledger.add(spent)
            self.trace.tell(cost=partial(self._ledger.cost, spent))  # made where the trace is written
        if self.span is not NO_CALL:
            self.attempt.end(Answered(status, error=self.error and "broken"))
            self.span.end(Answered(status, self._counted.usage, error=None if status else "client_gone"))
        self.trace.finish(status)
        if status is not None and (status >= 400 or self.error or len(self.attempts) > 1):
            self._log(status)

    def _log(self, status: int) -> None:
        """One line for the log. What an upstream said stays in the trace: it may quote keys and prompts."""
        asked = [one for one in self.attempts if one.is_asked]
        is_well = status < 400 and not self.error
        if is_well and not any(one.kind for one in asked):
            return
        why = self._missed or self.error or "refused"
        if self._replayed is not None:
            why = f"replayed from {self._replayed}"
        elif asked:
            why = ("broken off; " if status < 400 and self.error else "") + attempts_header(self.attempts)
            if asked[-1].status is None and asked[-1].kind in _OUR_WORDS:
                why += f"; {self.error}"
        request = self.incoming.request
        model = f" ({self.model})" if self.model else ""
        level = INFO if is_well else WARNING
        complain(f"{request.method} {path_of(request.url)}{model}", status, why, self.incoming.id, level)

    def _spent(self, status: int | None) -> Spent:
        incoming, operation, step = self.incoming, self.operation, self._step
        upstream = step.candidate.upstream if step is not None else None
        dialect, model = operation.dialect, self.model
        return Spent(
            incoming.at,
            incoming.id,
            incoming.client.name,
            incoming.naming.session,
            incoming.naming.tag,
            upstream.name if upstream is not None else None,
            step.candidate.model if step is not None else None,
            model or None,
            dialect,
            operation.name,
            operation.kind,
            status,
            self._counted,
            self._estimate(),
            upstream.speaks(dialect) if upstream is not None else "",
            upstream.base_url if upstream is not None else "",
            (time.perf_counter() - self._began) * 1000,
            None if self.first_byte is None else self.first_byte * 1000,
            self._number,
            self._replayed,
        )

    def _estimate(self) -> Callable[[], Counted] | None:
        """What estimates where the reply did not tell all. It holds the request's body, so it is made only
        where it may be asked: what waits for the ledger is small.
        """
        usage, tap = self._counted.usage, self._tap
        if tap is None or (usage is not None and usage.input is not None and usage.output is not None):
            return None
        body = self.incoming.request.body or b""
        return partial(_guessed, self.operation.dialect, body, self.model, tap.said, tap.events)


def _guessed(dialect: str, body: bytes, model: str, said: int, events: int) -> Counted:
    """What was used, about; made in the ledger's thread, and only where the reply did not say."""
    try:
        fields = loads(body)
    except JsonError:
        return NOTHING
    return (
        guess(dialect, fields, model=model, said=said, events=events) if isinstance(fields, dict) else NOTHING
    )


def _first_line(miss: Miss) -> str:
    """What a miss says, without what was asked."""
    reply = miss.interaction.response
    try:
        fields = loads((reply.body if reply is not None else None) or b"{}")
    except JsonError:
        fields = {}
    said = fields.get("message") if isinstance(fields, dict) else None
    return said.partition("\n")[0] if isinstance(said, str) else "a miss"
