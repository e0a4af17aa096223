"""An upstream that is a cassette: a provider that answers offline."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from tokentape.errors import TokentapeError
from tokentape.gateway.call import Naming
from tokentape.gateway.naming import OWN
from tokentape.gateway.taping import CODECS
from tokentape.misses import refusal
from tokentape.outcomes import Answer, Data, Fail, Forward, Miss, Wait
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.tapes import Tapes
    from tokentape.outcomes import Replay, Step
    from tokentape.upstreams.sending import Sent
    from tokentape.upstreams.upstream import Times
    from tokentape.wire.message import Headers, Request


class CassetteSender:
    """Answers requests from the cassette called `name`, as it was recorded: chunks, pace, faults and all. A
    request that is not there gets the explanation, as everywhere.
    """

    def __init__(self, tapes: Tapes, name: str) -> None:
        self._tapes, self._naming = tapes, Naming(cassette=name)
        self._name = name

    async def send(self, request: Request, times: Times) -> Sent:
        """The recorded reply. Raises `SendFailed` where none came when it was recorded."""
        try:
            held = await self._tapes.taken(self._naming, self._name)
        except TokentapeError as error:
            return CassetteSent(refusal(request, error), lambda: None)
        give_back = partial(self._tapes.given_back, held)
        try:
            outcome = held.deck.begin(request)
            if isinstance(outcome, Answer) and outcome.delay:
                await asyncio.sleep(outcome.delay)
        except TokentapeError as error:
            return CassetteSent(refusal(request, error), give_back)
        except BaseException:
            give_back()
            raise
        if outcome is None or isinstance(outcome, Forward):
            give_back()
            raise SendFailed(How.CONNECT_ERROR, f"cassette {self._name!r} does not take this request")
        if outcome.fault is None:
            return CassetteSent(outcome, give_back)
        give_back()
        raise _failed(outcome.fault)

    async def aclose(self) -> None:
        """Nothing is open: cassettes are closed by whoever opened them."""


class CassetteSent:
    """A reply from the cassette. The cassette is in use until it is closed."""

    def __init__(self, answer: Replay | Miss, give_back: Callable[[], None]) -> None:
        served = answer.serve(CODECS)
        self.status, self.reason, self.http = answer.status, answer.reason, answer.http
        # That nothing was found is no provider's answer: it is on no tape.
        self.headers: Headers = (*served.headers, *OWN) if isinstance(answer, Miss) else served.headers
        self._steps = iter(served)
        self._give_back: Callable[[], None] | None = give_back

    async def chunk(self) -> bytes:
        """The next recorded chunk. Raises `SendFailed` where the recording breaks off."""
        for step in self._steps:
            data = await _played(step)
            if data:
                return data
        return b""

    async def read(self, most: int) -> bytes:
        """The rest. Raises `SendFailed`."""
        found = bytearray()
        while data := await self.chunk():
            found += data
            if len(found) > most:
                raise SendFailed(How.PROTOCOL_ERROR, f"the reply is longer than {most} bytes")
        return bytes(found)

    def close(self) -> None:
        """The cassette is not needed any more."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


def _failed(fault: Fail) -> SendFailed:
    """The fault that came before any reply when it was recorded."""
    said = fault.error.message if fault.error is not None else "the recorded call failed"
    return SendFailed(fault.how, said, reached=False)


async def _played(step: Step) -> bytes:
    if isinstance(step, Data):
        return step.data
    if isinstance(step, Wait):
        await asyncio.sleep(step.seconds)
        return b""
    how = step.how if isinstance(step, Fail) else How.CUT
    raise SendFailed(how, "the recording breaks off here")
