"""One call, from request to reply.

    tape       the client's request is looked up: a recording answers it, and nobody else is asked
    route      what it asks for leads to candidates, best first
    plan       each attempt is one step of a generator, which hears how it went
    deliver    the answer goes to the client, and through `Taped` onto the tape

What the client hears is begun once: an attempt fails before its output shows, or not at all.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.around import Around
from tokentape.gateway.arriving import Arrived, Trying
from tokentape.gateway.asking import Asking
from tokentape.gateway.delivering import Unreadable, Written, folded, stream, whole, written
from tokentape.gateway.edge import is_off_tape, looked_up
from tokentape.gateway.naming import OWN, gateways_own
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.pumping import Pulse, chunk_within
from tokentape.gateway.targets import NoRoute, asked_of
from tokentape.gateway.telling import tell, tell_as_it_came
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.upstreams.failures import Failed, Succeeded, of_told
from tokentape.upstreams.plan import GaveUp, attempts
from tokentape.upstreams.planned import carried_out
from tokentape.upstreams.sending import SendFailed

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.hearing import Hearing
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.record import Record
    from tokentape.gateway.services import Services, Setup
    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.plan import Try
    from tokentape.wire.message import Headers


@dataclass(slots=True)
class Answer:
    """An answer that a try brought: a stream that has begun, or a whole reply in the client's form."""

    step: Try
    arrived: Arrived
    written: Written | None


class Exchange:
    """Answers generative calls. One for all calls; what belongs to one call is in `Live`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def answer(self, call: Call, outlet: Outlet) -> None:
        """The whole way of one call. Raises `ClientGone`, `BrokenReply` and `CancelledError`, once all that
        was open for the call is closed; everything else is told to the client.
        """
        services = self.services
        operation = call.found.operation
        record = services.record(call.incoming, operation, call.model)
        try:
            if is_off_tape(services, call.incoming):
                await self._asked(call, outlet, record)
                return
            async with AsyncExitStack() as stack:
                taped = await looked_up(services, call.incoming, operation, outlet, record, stack)
                if taped is not None:
                    await self._asked(call, taped, record)
        except (ClientGone, asyncio.CancelledError):
            record.finish(None, error="the client left")
            raise
        finally:
            record.finish(None)

    async def _asked(self, call: Call, outlet: Outlet, record: Record) -> None:
        """Ask upstreams until one answers or the plan gives up."""
        live = Live(self.services, self.services.setup, call, record)
        try:
            answer = await live.answer()
        except (NoRoute, ProtocolError) as error:
            status = error.status if isinstance(error, NoRoute) else 400
            kind = FailureKind.NOT_FOUND if status == 404 else FailureKind.INVALID_REQUEST
            await self._tell(call, outlet, record, Failure(kind, str(error), status))
            return
        if isinstance(answer, Answer):
            await live.deliver(answer, outlet)
            return
        failed = answer.failed
        failure = failed.failure or Failure(FailureKind.SERVER, failed.message or answer.reason)
        if failed.status is None:
            await self._tell(call, outlet, record, failure, answer.retry_after)
            return
        record.upstream_failed(failed)  # the provider's own error is an answer: it is recorded
        outlet = record.watched(outlet)
        more = (*record.headers(), *gateways_own(failed.headers))
        if failed.reply is not None:
            status = await tell_as_it_came(outlet, failed.reply, more, answer.retry_after)
        else:
            status = await tell(outlet, call.found.operation, failure, more, answer.retry_after)
        record.finish(status, error=failure.message)

    async def _tell(
        self, call: Call, outlet: Outlet, record: Record, failure: Failure, retry_after: float | None = None
    ) -> None:
        """An error of the gateway's own: it is no recording."""
        more = (*record.headers(), *OWN)
        status = await tell(record.watched(outlet), call.found.operation, failure, more, retry_after)
        record.finish(status, error=failure.message)


class Live:
    """One call that is not on tape."""

    def __init__(self, services: Services, setup: Setup, call: Call, record: Record) -> None:
        self._services, self._setup, self._call, self._record = services, setup, call, record
        self._asking = Asking(call)
        self._around = Around(services, setup, self._asking, record)
        self._began = self._since = time.monotonic()

    async def answer(self) -> Answer | GaveUp:
        """The first answer that the plan comes to. Raises `NoRoute` and `ProtocolError`."""
        around, call = self._around, self._call
        operation = call.found.operation
        asked = asked_of(call.incoming, operation, call.model, kind=around.kind, traits=around.traits)
        resolved = self._setup.router.resolve(asked)
        self._record.routed(resolved)
        plan = attempts(
            resolved.candidates,
            self._services.pools,
            self._setup.policy_for(resolved),
            clock=time.monotonic,
            random=random.random,
            tokens=around.tokens(resolved.candidates),
            affinity=around.affinity(resolved.candidates),
            streaming=call.stream,
            log=self._record.attempts,
        )
        answer, verdict = await carried_out(plan, self._tried, self._services.pools)
        self._record.attempted()
        if answer is not None:
            return answer
        if isinstance(verdict, GaveUp):
            return verdict
        raise RuntimeError("a plan succeeded without an answer")

    async def _tried(self, step: Try) -> Answer | Failed:
        """One try, and whether what came can be told."""
        number = self._record.next_attempt(step)
        trying = Trying(
            self._services.sender_for(step.candidate.upstream),
            self._setup.strict,
            self._record.trace,
            number,
            self._left(step),
            self._services.fetching,
            self._record.attempt,
        )
        credential = step.lease.credential
        try:
            arrived = await trying.arrive(
                self._asking, step.candidate, credential, self._around.giving(step.candidate, credential)
            )
        except BaseException:
            self._services.pools.release(step.lease)
            raise
        if isinstance(arrived, Failed):
            self._since = time.monotonic()
            if arrived.headers:
                self._services.pools.heard_headers(step.lease, arrived.headers)
            self._record.failed(arrived)
            return arrived
        self._services.pools.heard_headers(step.lease, arrived.sent.headers)
        try:
            return await self._answered(step, arrived)
        except (Unreadable, SendFailed) as error:
            arrived.sent.close()
            failure = (
                error.failure
                if isinstance(error, Unreadable)
                else Failure(FailureKind.INCOMPLETE, f"the upstream broke off: {error.message}")
            )
            return of_told(failure)
        except BaseException:
            arrived.sent.close()
            self._services.pools.release(step.lease)
            raise

    def _left(self, step: Try) -> float | None:
        """Seconds left for the first byte (of a whole reply: for all of it). Waiting for a credential counts,
        former tries do not, but in the total.
        """
        now, total = time.monotonic(), step.candidate.upstream.times.total
        waited, self._since = now - self._since, now
        left = None if step.timeout is None else step.timeout - waited
        if total is not None:
            rest = total - (now - self._began)
            left = rest if left is None else min(left, rest)
        return None if left is None else max(0.001, left)

    async def _answered(self, step: Try, arrived: Arrived) -> Answer:
        """The answer, in the client's form where it is whole. Raises `Unreadable` and `SendFailed`."""
        call, prepared = self._call, arrived.prepared
        self._record.lost(prepared.losses)
        if not arrived.is_stream:
            return Answer(step, arrived, whole(call, arrived))
        if call.stream or prepared.asked is None:
            return Answer(step, arrived, None)
        pieces = list(arrived.first)
        stall = step.candidate.upstream.times.stall
        while data := await chunk_within(arrived.sent, stall):
            self._record.upstream_said(data)
            pieces.append(data)
        arrived.sent.close()
        arrived.body = b"".join(pieces)
        reply = folded(pieces, prepared.source)
        return Answer(step, arrived, written(call, reply, prepared.asked))

    async def deliver(self, answer: Answer, outlet: Outlet) -> None:
        """The answer goes to the client; its lease is given back with what it used."""
        heard: Heard | None = None  # given up: that says nothing about the upstream
        hearing: Hearing | None = None
        try:
            hearing = self._around.hearing(answer)
            if answer.written is not None:
                await self._deliver_whole(answer.written, outlet)
                heard = Succeeded(answer.written.status)
            else:
                heard = await self._deliver_stream(answer, outlet, hearing)
        finally:
            answer.arrived.sent.close()
            self._over(answer, hearing, heard)
        record = self._record
        record.finish(answer.arrived.sent.status if answer.written is None else answer.written.status)

    def _over(self, answer: Answer, hearing: Hearing | None, heard: Heard | None) -> None:
        """The reply is over, however: what it used is counted, and what it taught is kept."""
        step = answer.step
        if hearing is None:
            self._services.pools.release(step.lease, heard)
            return
        # A client that has read the last event need not wait for the end of the connection.
        tokens: int | None = None
        try:
            is_whole = isinstance(heard, Succeeded) or (heard is None and hearing.heard_its_end)
            counted, notes = hearing.end(complete=is_whole)
            if (usage := counted.usage) is not None:
                tokens = (usage.input or 0) + (usage.output or 0)
        finally:
            self._services.pools.release(step.lease, heard, tokens)
        if self._record.attempt.wants_content:
            self._record.attempt.content(self._around.readable(), hearing.reply())
        self._record.used(counted, step, hearing.tap)
        for note in notes:
            self._record.trace.note("field_rule", said=str(note))
        if is_whole:
            self._around.answered(answer, hearing)

    async def _deliver_whole(self, reply: Written, outlet: Outlet) -> None:
        self._record.lost(reply.losses)
        headers: Headers = (*reply.headers, *self._record.headers())
        self._record.client_reply(reply)
        await outlet.start(reply.status, headers)
        await outlet.chunk(reply.body)
        await outlet.end()

    async def _deliver_stream(self, answer: Answer, outlet: Outlet, hearing: Hearing | None) -> Heard:
        times = answer.step.candidate.upstream.times
        total = None if times.total is None else max(0.0, times.total - (time.monotonic() - self._began))
        pulse = Pulse(times.stall, total, self._setup.heartbeat)
        watched = self._record.watched(outlet)
        headers = self._record.headers()
        hear = self._record.overheard(answer, hearing.feed if hearing is not None else _nothing)
        events = hearing.events if hearing is not None else None
        failure, losses = await stream(self._call, answer.arrived, watched, pulse, headers, hear, events)
        self._record.lost(losses)
        if failure is None:
            return Succeeded(answer.arrived.sent.status)
        self._record.broke(failure)
        return of_told(failure, visible=True)


def _nothing(data: bytes) -> None:
    """Nobody counts."""
