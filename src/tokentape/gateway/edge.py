"""The client's edge, where the tape is: a call is looked up there, and what comes of it goes onto it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tokentape.errors import TokentapeError
from tokentape.gateway.naming import OWN
from tokentape.gateway.taping import Taped, Unplayable, closed, play
from tokentape.gateway.telling import tell
from tokentape.misses import refusal
from tokentape.outcomes import Forward, Miss
from tokentape.protocols.canonical.failure import Failure, FailureKind

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from tokentape.gateway.call import Incoming
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.record import Record
    from tokentape.gateway.services import Services
    from tokentape.outcomes import Replay
    from tokentape.protocols.dialect import Operation


def is_off_tape(services: Services, incoming: Incoming) -> bool:
    """True for a call that no tape has to do with, or has to do with no more."""
    return incoming.is_taped or services.tapes.name_of(incoming.naming) is None


async def looked_up(
    services: Services,
    incoming: Incoming,
    operation: Operation,
    outlet: Outlet,
    record: Record | None,
    stack: AsyncExitStack,
) -> Outlet | None:
    """The outlet for a live answer, which records it; None where the tape answered the call, or an error
    about it did: then nothing may go upstream. What is open for the call is closed with `stack`. `record`
    None: one is made where the tape answers.
    """
    name = services.tapes.name_of(incoming.naming)
    if name is None or incoming.is_taped:
        return outlet
    try:
        held = await stack.enter_async_context(services.tapes.using(incoming.naming, name))
        outcome = held.deck.begin(incoming.request)
    except TokentapeError as error:
        outcome = refusal(incoming.request, error)
    if outcome is None:
        return outlet
    if isinstance(outcome, Forward):
        outcome.metadata = {**outcome.metadata, **_labels(incoming)}
        keeps_refusals = services.tapes.options.options.errors == "record"
        keep = partial(services.keep, held.storing)
        taped = Taped(outlet, outcome, keep, keeps_refusals=keeps_refusals)
        stack.push_async_exit(_Closing(taped))
        return taped
    if record is None:
        record = services.record(incoming, operation, operation.model or "")
    await _play(outcome, operation, outlet, record)
    return None


async def _play(answer: Replay | Miss, operation: Operation, outlet: Outlet, record: Record) -> None:
    record.replayed(answer)
    try:
        await play(answer, outlet, (*record.headers(), *(OWN if isinstance(answer, Miss) else ())))
    except Unplayable as error:
        failure = Failure(FailureKind.SERVER, str(error), 502)
        record.finish(await tell(outlet, operation, failure, record.headers()))
    else:
        record.finish(answer.status)


def _labels(incoming: Incoming) -> dict[str, str]:
    """What a recording keeps of how the call was named."""
    naming = incoming.naming
    named = {"tag": naming.tag, "session": naming.session}
    return {name: value for name, value in named.items() if value}


class _Closing:
    """Ends the recording of a call that ended without saying so."""

    def __init__(self, taped: Taped) -> None:
        self._taped = taped

    async def __call__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            await closed(self._taped, error)
        return False
