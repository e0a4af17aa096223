"""One try: a request goes out, and what comes back is told to the tape by chunks, until it is judged."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.evaluation.asking.charge import cost_at
from tokentape.evaluation.asking.judging import judged
from tokentape.metering.cost import Cost
from tokentape.protocols.canonical.reply import Reply
from tokentape.upstreams.asking import ask
from tokentape.upstreams.failures import Failed, FailureClass, Succeeded, of_auth, of_wire
from tokentape.upstreams.refusals import LONGEST_ERROR
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.interaction import How
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.evaluation.asking.means import Means
    from tokentape.evaluation.asking.preparing import Prepared
    from tokentape.outcomes import Forward
    from tokentape.upstreams.sending import Sent
    from tokentape.upstreams.steps import Try


class Trying:
    """The tries of one call, each of which costs `most` at most; `over` says why none is made any more."""

    def __init__(
        self, means: Means, prepared: Prepared, forward: Forward, most: Cost, over: Callable[[], str]
    ) -> None:
        self._means, self._prepared, self._forward = means, prepared, forward
        self._most, self._over = most, over

    async def tried(self, step: Try) -> Reply | Failed:
        """Ask once, if it can be paid for. After an answer the credential is given back."""
        pools, purse = self._means.pools, self._means.purse
        try:
            if not await purse.hold(self._most):
                return _not_sent(purse.over)
            found: Reply | Failed | None = None
            try:
                found = await self._asked(step) if not self._over() else _not_sent(self._over())
            finally:
                purse.settle(self._most, self._cost(found))
        except BaseException:
            pools.release(step.lease)
            raise
        if isinstance(found, Reply):
            usage = found.usage
            tokens = None if usage is None else (usage.input or 0) + (usage.output or 0)
            pools.release(step.lease, Succeeded(), tokens)
        return found

    def _cost(self, found: Reply | Failed | None) -> Cost:
        """A refusal costs nothing, nor does what never arrived. What was sent, and broke off before its reply
        or in it, may have cost all that it could: nobody has heard how far it came.
        """
        if isinstance(found, Reply):
            return cost_at(self._prepared, found.usage, self._means.prices)
        if found is None or self._forward.so_far() is not None:
            return self._most
        refused = found.status is not None and found.status >= 300
        return Cost(Decimal(0)) if refused or not found.reached else self._most

    async def _asked(self, step: Try) -> Reply | Failed:
        """What came of it, failures of the wire included."""
        upstream = step.candidate.upstream
        self._forward.sent()
        try:
            async with asyncio.timeout(step.timeout) as limit:
                sent = await ask(self._means.sender, upstream, step.lease.credential, self._prepared.request)
                try:
                    self._means.pools.heard_headers(step.lease, sent.headers)
                    return await self._heard(sent, limit, upstream.times.stall)
                finally:
                    sent.close()
        except AuthFailed as error:
            return of_auth(error)
        except SendFailed as error:
            return of_wire(error, begun=not self._forward.is_pending)
        except TimeoutError:
            text = "nothing more came in time" if self._forward.so_far() else "no answer began in time"
            return of_wire(SendFailed(How.READ_TIMEOUT, text))

    async def _heard(self, sent: Sent, limit: asyncio.Timeout, stall: float | None) -> Reply | Failed:
        """The reply, read to its end. An error is no part of a recording, so the tape does not hear of it."""
        source = self._prepared.source
        if sent.status >= 300:
            body = await sent.read(LONGEST_ERROR)
            return judged(Response(sent.status, sent.reason, sent.headers, body), source)
        forward, now = self._forward, asyncio.get_running_loop().time
        forward.start(sent.status, sent.reason, sent.headers, sent.http)
        while data := await sent.chunk():
            forward.chunk(data)
            limit.reschedule(None if stall is None else now() + stall)
        came = forward.so_far()
        if came is None or came.response is None:
            raise RuntimeError("the tape lost a reply that it was told")
        return judged(came.response, source, self._prepared.reads)


def _not_sent(why: str) -> Failed:
    """Nothing was sent, and nothing will be: no other try, no other target."""
    return Failed(FailureClass.pre_request, why, reached=False)
