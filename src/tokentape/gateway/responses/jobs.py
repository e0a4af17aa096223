"""Responses in the background: each a task of the worker that took it, told of in the store.

    queued -> in_progress -> completed | incomplete | failed | cancelled

Whoever cancels writes so into the store. The worker that has the task looks there, ends it, and nothing that
came meanwhile is kept. What a dead worker left running is failed by the first one that comes upon it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.filing import record_of
from tokentape.gateway.responses.items import ids_of
from tokentape.gateway.responses.joboutlet import JobOutlet
from tokentape.gateway.responses.shape import begun, failed, with_output
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.stored import packed
from tokentape.gateway.responses.stream import done_items, told
from tokentape.log import log

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.responses.answering import Answering
    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.stored import Stored
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

SHUT_DOWN = "the gateway was shut down before the response was complete; ask again"
DIED = "the gateway that worked on this response ended before it was complete; ask again"
FAILED = "the gateway failed while it worked on this response"


@dataclass(slots=True)
class _Job:
    task: asyncio.Task[None]
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Jobs:
    """The background responses of this worker."""

    def __init__(self, keeping: Keeping, answering: Answering) -> None:
        self._keeping, self._answering = keeping, answering
        self._jobs: dict[str, _Job] = {}
        self._watching: asyncio.Task[None] | None = None
        self._is_closing = False

    async def begin(self, asked: Asked, call: Call) -> Fields:
        """Take a call; the response, queued. Raises `NotDone`, and `StoreFailed` while nothing was asked."""
        if self._is_closing:
            raise NotDone(503, "The gateway is shutting down, and takes no more background responses.")
        keeping, response = self._keeping, begun(asked, "queued")
        record = record_of(asked, response, "queued", keeping.worker)
        kinds = ("response.created", "response.queued")
        events = [told({"type": kind, "response": response}, number) for number, kind in enumerate(kinds)]
        await keeping.ask(keeping.store.put, record, asked.ancestors, events)
        task = asyncio.create_task(self._run(asked, call, response), name=asked.id)
        self._jobs[asked.id] = _Job(task)
        task.add_done_callback(self._ended)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        return response

    def news(self, identity: str) -> asyncio.Event | None:
        """What is set when a job of this worker has written more; None for what is no such job."""
        job = self._jobs.get(identity)
        return None if job is None else job.news

    async def cancel(self, record: Stored) -> Stored | None:
        """Cancel a response, whoever works on it; the response as it is then. Raises `StoreFailed`."""
        keeping, store = self._keeping, self._keeping.store
        if record.is_running:
            items = done_items(await keeping.ask(store.told, record.id, -1))
            found = with_output({**record.response, "status": "cancelled", "completed_at": None}, items)
            await keeping.ask(store.change, record.id, "cancelled", packed(found), ids_of(items))
            self.stop(record.id)
        return await keeping.ask(store.get, record.client, record.id)

    def stop(self, identity: str) -> None:
        """End the task of a response that is not wanted any more, if it is one of this worker's."""
        job = self._jobs.get(identity)
        if job is not None:
            job.task.cancel()

    async def bury_orphans(self) -> None:
        """Fail what dead workers left running. Raises `StoreFailed`."""
        keeping, store = self._keeping, self._keeping.store
        if not store.is_shared:
            return
        for record in await keeping.ask(store.orphans):
            events = await keeping.ask(store.told, record.id, -1)
            found = failed(with_output(record.response, done_items(events)), DIED)
            last = events[-1][0] + 1 if events else 0
            end = [told({"type": "response.failed", "response": found}, last)] if events else []
            await keeping.ask(store.change, record.id, "failed", packed(found), (), end)

    async def aclose(self, grace: float) -> None:
        """Take no more; give those that run so many seconds, then fail them."""
        self._is_closing = True
        tasks = [job.task for job in self._jobs.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    async def _run(self, asked: Asked, call: Call, response: Fields) -> None:
        def changed() -> None:
            job = self._jobs[asked.id]
            job.news.set()
            job.news = asyncio.Event()

        outlet = JobOutlet(asked, response, self._keeping, changed)
        why = FAILED
        try:
            await self._answering.answer(call, outlet)
        except asyncio.CancelledError:
            why = SHUT_DOWN  # one that was cancelled by its client is so already, and stays it
            raise
        finally:
            await asyncio.shield(outlet.settle(why))

    def _ended(self, task: asyncio.Task[None]) -> None:
        identity = task.get_name()
        job = self._jobs.pop(identity)
        job.news.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background response %s: %s", identity, FAILED, exc_info=error)

    async def _watch(self) -> None:
        """While anything runs, look at what others cancelled."""
        keeping = self._keeping
        while self._jobs:
            try:
                for identity in await keeping.ask(keeping.store.stopped, tuple(self._jobs)):
                    self.stop(identity)
            except StoreFailed as error:
                log.warning("background responses: %s", error)
            await asyncio.sleep(keeping.options.poll)
