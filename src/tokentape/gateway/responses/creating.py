"""A new response: what came before is put in front, and the reply is kept as it goes by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.responses.asked import Asked, read
from tokentape.gateway.responses.editing import without_state
from tokentape.gateway.responses.errors import tell
from tokentape.gateway.responses.filing import Filing
from tokentape.gateway.responses.items import kind_of
from tokentape.gateway.responses.lineage import expanded, with_ancestors
from tokentape.gateway.responses.stream import stream
from tokentape.gateway.responses.tee import Tee
from tokentape.gateway.responses.warming import says_nothing, warm
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.responses.answering import Answering
    from tokentape.gateway.responses.jobs import Jobs
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.local import Local
    from tokentape.gateway.responses.whose import Whose


class Creating:
    """Makes responses."""

    def __init__(self, keeping: Keeping, jobs: Jobs, whose: Whose, answering: Answering) -> None:
        self._keeping, self._jobs, self._whose, self._answering = keeping, jobs, whose, answering
        self._later: set[asyncio.Task[None]] = set()

    async def create(self, call: Call, outlet: Outlet, local: Local | None = None) -> None:
        """Answer a call; `local` is what the WebSocket remembers over which it came. Raises `NotDone` and
        `StoreFailed`, as long as nothing was told.
        """
        asked = read(call, self._keeping.clock())
        if says_nothing(asked):
            asked, _ = await self._prepared(asked, call, local)
            await warm(asked, Tee(outlet, Filing(asked, self._keeping, local.keep if local else None)))
            return
        if await self._whose.is_for_upstream(call, asked, local):
            await self._whose.pass_on(call, outlet)
            return
        if local is None and needs_nothing(asked):
            await self._answering.answer(call, outlet)
            return
        asked, call = await self._prepared(asked, call, local)
        if not asked.is_background:
            await self._answered(asked, call, outlet, local)
            return
        response = await self._jobs.begin(asked, call)
        traced = (("X-Tokentape-Id", call.incoming.id),)
        if asked.fields.get("stream") is True:
            await stream(self._keeping, self._jobs, asked.client, asked.id, -1, outlet, traced)
        else:
            await tell(outlet, response, more=traced)

    async def aclose(self) -> None:
        """Wait for what is still to be kept."""
        if self._later:
            await asyncio.wait(self._later)

    async def _prepared(self, asked: Asked, call: Call, local: Local | None) -> tuple[Asked, Call]:
        """What is asked with all that came before, and the call that the upstream sees."""
        look = self._whose.look(local)
        asked = await with_ancestors(asked, self._keeping, look)
        items = await expanded(asked, self._keeping, look)
        streams = True if asked.is_background else call.stream
        forget = self._answering.keeps_responses(call)
        return asked, without_state(call, asked, items, stream=streams, forget=forget)

    async def _answered(self, asked: Asked, call: Call, outlet: Outlet, local: Local | None) -> None:
        filing = Filing(asked, self._keeping, local.keep if local is not None else None)
        why, status = "the gateway failed", "failed"
        try:
            await self._answering.answer(call, Tee(outlet, filing))
        except (asyncio.CancelledError, ClientGone):
            why, status = "the client left", "cancelled"
            raise
        finally:
            if filing.is_begun and not filing.is_over:
                self._do_later(filing.break_off(why, status=status))

    def _do_later(self, work: Coroutine[object, object, None]) -> None:
        """What must be done whatever becomes of the call: an error of it never hides the call's own."""
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._done_later)

    def _done_later(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a response could not be closed", exc_info=error)


_NEED = frozenset({"item_reference", "compaction", "compaction_summary"})


def needs_nothing(asked: Asked) -> bool:
    """True for a call that goes on from nothing and leaves nothing behind, as coding agents make them.
    Request and reply pass as they are.
    """
    goes_on = asked.previous is not None or asked.conversation is not None
    if asked.is_stored or asked.is_background or goes_on:
        return False
    return not any(kind_of(item) in _NEED for item in asked.items)
