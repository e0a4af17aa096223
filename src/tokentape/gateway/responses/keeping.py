"""The store as coroutines: one that blocks is asked in a thread of its own."""

from __future__ import annotations

import asyncio
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from tokentape.gateway.responses.liveness import BEAT
from tokentape.gateway.responses.store import StoreFailed, open_store
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.responses.options import StateOptions
    from tokentape.gateway.responses.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class Keeping:
    """The store of this worker. `ask(keeping.store.get, client, identity)` waits for its answer."""

    def __init__(self, options: StateOptions, clock: Callable[[], float]) -> None:
        self.options, self.clock = options, clock
        self.worker = uuid.uuid4().hex
        self.store: Store = open_store(options, clock)
        self._thread = (
            ThreadPoolExecutor(1, thread_name_prefix="tokentape-responses") if self.store.is_shared else None
        )

        self._beating: asyncio.Task[None] | None = None

    async def ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a method of the store says. Once begun it is done, whether or not the caller still waits.

        Raises `StoreFailed`.
        """
        if self._thread is None:
            return method(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, lambda: method(*args, **kwargs)))

    def begin(self) -> None:
        """Tell those who share the store that this worker lives, from now on."""
        if self.store.is_shared and self._beating is None:
            self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            try:
                await self.ask(self.store.beat, self.worker)
            except StoreFailed as error:
                log.warning("%s", error)
            await asyncio.sleep(BEAT)

    async def aclose(self) -> None:
        """Close the store, after all that was asked of it."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])
        await self.ask(self.store.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)
