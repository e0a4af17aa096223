"""What is passed on as it is: embeddings, images, audio, files, batches, and whatever else an API has.

Only an upstream that speaks the client's API itself can be asked. The request goes there byte for byte but
for its model's name, the reply comes back as it arrives, and both are recorded.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.deadlines import Within
from tokentape.gateway.edge import looked_up
from tokentape.gateway.forwarding import back, onward
from tokentape.gateway.naming import OWN, gateways_own
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.patching import patched
from tokentape.gateway.preparing import with_model
from tokentape.gateway.pumping import chunk_within
from tokentape.gateway.targets import NoRoute, asked_of
from tokentape.gateway.telling import tell, tell_as_it_came
from tokentape.gateway.usage.spent import NOTHING
from tokentape.gateway.usage.tap import UsageTap
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.upstreams.addressing import url_of
from tokentape.upstreams.asking import ask
from tokentape.upstreams.auth.bare import bare_query
from tokentape.upstreams.failures import Failed, FailureClass, Succeeded, of_auth, of_status, of_wire
from tokentape.upstreams.plan import GaveUp, attempts
from tokentape.upstreams.planned import carried_out
from tokentape.upstreams.refusals import LONGEST_ERROR, plain, told_by
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.body import media_type
from tokentape.wire.interaction import How
from tokentape.wire.message import Request, Response
from tokentape.wire.url import path_of, split_query

if TYPE_CHECKING:
    from tokentape.gateway.call import Incoming
    from tokentape.gateway.exchange import Exchange
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.record import Record
    from tokentape.gateway.services import Services
    from tokentape.gateway.targets import Resolved
    from tokentape.protocols.registry import Recognised
    from tokentape.upstreams.failures import Heard
    from tokentape.upstreams.plan import Try
    from tokentape.upstreams.sending import Sent
    from tokentape.upstreams.upstream import Candidate, Upstream

_COUNTING = frozenset({"application/json", "text/event-stream"})
"""Types of replies that may say what they used."""


@dataclass(slots=True)
class Passed:
    """A reply whose head came."""

    step: Try
    sent: Sent


async def pass_on(incoming: Incoming, found: Recognised, outlet: Outlet, exchange: Exchange) -> None:
    """Answer a call from tape, or from an upstream that speaks its API."""
    services = exchange.services
    operation = found.operation
    record = services.record(incoming, operation, operation.model or "")
    try:
        async with AsyncExitStack() as stack:
            taped = await looked_up(services, incoming, operation, outlet, record, stack)
            if taped is not None:
                await _Passing(services, incoming, found, record).answer(taped)
    except (ClientGone, asyncio.CancelledError):
        record.finish(None, error="the client left")
        raise
    finally:
        record.finish(None)


class _Passing:
    """One call."""

    def __init__(self, services: Services, incoming: Incoming, found: Recognised, record: Record) -> None:
        self._services, self._incoming, self._found, self._record = services, incoming, found, record
        self._setup = services.setup

    async def answer(self, outlet: Outlet) -> None:
        outlet = self._record.watched(outlet)
        try:
            resolved = self._resolved()
        except NoRoute as error:
            await self._tell(outlet, Failure(FailureKind.NOT_FOUND, str(error), error.status))
            return
        self._record.routed(resolved)
        plan = attempts(
            resolved.candidates,
            self._services.pools,
            self._setup.policy_for(resolved),
            clock=time.monotonic,
            random=random.random,
            log=self._record.attempts,
        )
        passed, verdict = await carried_out(plan, self._tried, self._services.pools)
        self._record.attempted()
        if passed is not None:
            await self._deliver(passed, outlet)
        elif isinstance(verdict, GaveUp):
            await self._gave_up(verdict, outlet)

    async def _gave_up(self, verdict: GaveUp, outlet: Outlet) -> None:
        failed = verdict.failed
        if failed.reply is not None:  # the provider's own error is an answer: it is recorded
            self._record.upstream_failed(failed)
            headers = (*self._record.headers(), *gateways_own(failed.headers))
            status = await tell_as_it_came(outlet, failed.reply, headers, verdict.retry_after)
            self._record.finish(status, error=failed.message)
            return
        failure = failed.failure or Failure(FailureKind.SERVER, failed.message or verdict.reason)
        await self._tell(outlet, failure, verdict.retry_after)

    def _resolved(self) -> Resolved:
        """Where the call may go. Raises `NoRoute`."""
        operation, incoming = self._found.operation, self._incoming
        resolved = self._setup.router.resolve(asked_of(incoming, operation, operation.model or ""))
        able = tuple(one for one in resolved.candidates if has_api(one.upstream, operation.dialect))
        if not able:
            names = ", ".join(one.upstream.name for one in resolved.candidates)
            raise NoRoute(f"{operation.full_name} is passed on only, and {names} has another API", 400)
        return replace(resolved, candidates=able)

    async def _tried(self, step: Try) -> Passed | Failed:
        upstream, lease = step.candidate.upstream, step.lease
        number = self._record.next_attempt(step)
        try:
            request = self._request(step.candidate)
            self._record.trace.form(f"upstream_request#{number}", request)
            with Within(step.timeout):
                sender = self._services.sender_for(upstream)
                sent = await ask(sender, upstream, lease.credential, request)
                self._record.upstream_began(sent)
                failed = await self._refused(sent) if sent.status >= 400 else None
        except UsageError as error:
            failed = Failed(
                FailureClass.invalid_request,
                str(error),
                reached=False,
                failure=Failure(FailureKind.INVALID_REQUEST, str(error), 400),
            )
        except AuthFailed as error:
            failed = of_auth(error)
        except SendFailed as error:
            failed = of_wire(error)
        except TimeoutError:
            failed = of_wire(SendFailed(How.READ_TIMEOUT, f"no answer within {step.timeout:.3g} seconds"))
        except BaseException:
            self._services.pools.release(lease)
            raise
        else:
            if failed is None:
                self._services.pools.heard_headers(lease, sent.headers)
                return Passed(step, sent)
        self._services.pools.heard_headers(lease, failed.headers)
        self._record.failed(failed)
        return failed

    async def _refused(self, sent: Sent) -> Failed:
        """An error reply, as it came. Raises `SendFailed`."""
        try:
            data = await sent.read(LONGEST_ERROR)
        finally:
            sent.close()
        self._record.upstream_said(data)
        told = told_by(sent.status, plain(data, sent.headers), self._found.operation.dialect)
        failed = of_status(sent.status, sent.headers, told)
        return replace(failed, reply=Response(sent.status, sent.reason, sent.headers, data))

    def _request(self, candidate: Candidate) -> Request:
        upstream, request = candidate.upstream, self._incoming.request
        model, body = self._found.operation.model, request.body
        path, query = path_of(request.url).lstrip("/"), split_query(request.url)[1]
        fields = self._found.body
        if model and model != candidate.model:
            path = with_model(path, candidate.model)
            if body and isinstance(fields, dict) and fields.get("model") == model:
                body = patched(body, {"model": candidate.model})
        keeps = upstream.passes_client_key
        headers = onward(request.headers, keep_credentials=keeps)
        url = url_of(upstream, path, query if keeps else bare_query(query), candidate.model)
        return Request(request.method, url, (*headers, *upstream.headers), body)

    async def _deliver(self, passed: Passed, outlet: Outlet) -> None:
        sent, lease = passed.sent, passed.step.lease
        heard: Heard | None = None
        status: int | None = None
        tap = self._tap(passed)
        try:
            await outlet.start(sent.status, (*back(sent.headers), *self._record.headers()))
            status = sent.status
            stall = passed.step.candidate.upstream.times.stall
            while data := await chunk_within(sent, stall):
                if tap is not None:
                    tap.feed(data)
                await outlet.chunk(data)
            await outlet.end()
            heard = Succeeded(sent.status)
        except SendFailed as error:
            heard = of_wire(error, begun=True, visible=True)
            self._record.broke(heard.failure or Failure(FailureKind.INCOMPLETE, error.message))
            await outlet.cut()
        finally:
            sent.close()
            self._services.pools.release(lease, heard, self._counted(tap, passed.step))
            self._record.finish(status)

    def _tap(self, passed: Passed) -> UsageTap | None:
        """What counts, where the reply may and somebody wants to know: embeddings do, files do not."""
        sent, services = passed.sent, self._services
        wanted = services.ledger.options.enabled or self._record.trace.is_on or passed.step.lease.tickets
        if not wanted or media_type(sent.headers) not in _COUNTING:
            return None
        operation = self._found.operation
        return UsageTap(
            operation.dialect, headers=sent.headers, status=sent.status, streamed=bool(operation.stream)
        )

    def _counted(self, tap: UsageTap | None, step: Try) -> int | None:
        """What the reply used, which is noted; None where it does not say."""
        counted = tap.end() if tap is not None else NOTHING
        self._record.used(counted, step, None)
        usage = counted.usage
        return None if usage is None else (usage.input or 0) + (usage.output or 0)

    async def _tell(self, outlet: Outlet, failure: Failure, retry_after: float | None = None) -> None:
        headers = (*self._record.headers(), *OWN)
        status = await tell(outlet, self._found.operation, failure, headers, retry_after)
        self._record.finish(status, error=failure.message)


def has_api(upstream: Upstream, dialect: str) -> bool:
    """True if an upstream has the API that a call of `dialect` is part of."""
    if dialect == "http":
        return True
    maker = dialect.partition(".")[0]
    return any(one.partition(".")[0] == maker for one in (upstream.dialect, *upstream.also))
