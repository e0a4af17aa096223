"""One response on its way into the store: begun before anybody knows its id, ended before its last byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.responses.items import ids_of
from tokentape.gateway.responses.shape import ended, failed, patched, with_output
from tokentape.gateway.responses.store import StoreFailed
from tokentape.gateway.responses.stored import RUNNING, Stored, packed
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    Also = Callable[[Stored], None]


class Filing:
    """Keeps what becomes of one call.

    A store that fails never costs an answer: it goes through, says `store: false`, and the log says why.
    `also` gets the finished record whether or not it is stored (a WebSocket remembers it).
    """

    def __init__(self, asked: Asked, keeping: Keeping, also: Also | None = None) -> None:
        self.asked = asked
        self._keeping, self._also = keeping, also
        self.is_begun = False
        """True once it is kept."""
        self._last: Fields = {}
        self.done: list[Json] = []
        """Items of the output that are done, for a response that breaks off."""
        self.is_over = False
        self._stores = asked.is_stored

    def seen(self, response: Fields) -> Fields:
        """A response object of the upstream as the client is to see it."""
        found = patched(response, self.asked)
        if not self._stores:
            found["store"] = False
        self._last = found
        return found

    async def begin(self, response: Fields) -> Fields:
        """The first that is told of it; what the client sees. Nothing is told before it is kept."""
        found = self.seen(response)
        if self._stores and not self.is_begun:
            await self._try(self._put(self._record(found, "in_progress")))
            self.is_begun = found["store"] = self._stores
        return found

    async def end(self, response: Fields) -> Fields:
        """The whole response; what the client sees."""
        found = ended(self.seen(response), self._keeping.clock())
        await self._close(found)
        return {**found, "store": self._stores}

    async def break_off(self, why: str, *, status: str = "failed") -> None:
        """It will never end: what came of it is kept, and why. Not where it ended, or never began."""
        if self.is_over or not self.is_begun:
            return
        items = self.done if self.done else self._last.get("output")
        found = with_output(self._last, items if isinstance(items, list) else [])
        await self._close(failed(found, why, status=status))

    async def _close(self, found: Fields) -> None:
        status = found.get("status")
        status = status if isinstance(status, str) and status not in RUNNING else "completed"
        output = found.get("output")
        names = ids_of(output if isinstance(output, list) else [])
        self.is_over = True
        record = self._record(found, status)
        if self.is_begun:
            change = self._keeping.store.change
            await self._try(self._keeping.ask(change, self.asked.id, status, record.body, names))
        elif self._stores:
            await self._try(self._put(record))
        if self._also is not None:
            self._also(record)

    async def _put(self, record: Stored) -> None:
        await self._keeping.ask(self._keeping.store.put, record, self.asked.ancestors)

    async def _try(self, work: Awaitable[object]) -> None:
        try:
            await work
        except StoreFailed as error:
            self._stores = False
            log.warning("response %s is not kept: %s", self.asked.id, error)

    def _record(self, found: Fields, status: str) -> Stored:
        return record_of(self.asked, found, status, self._keeping.worker)


def record_of(asked: Asked, response: Fields, status: str, worker: str) -> Stored:
    """A response as it is kept, in the state that it is in; while it runs, that worker has it."""
    return Stored(
        asked.id,
        asked.client,
        asked.created,
        status,
        packed(asked.items),
        packed(response),
        asked.ancestors[-1] if asked.ancestors else None,
        asked.conversation,
        worker if status in RUNNING else None,
        asked.is_background,
        asked.include,
    )
