"""Response bodies for httpx and httpx2: a tee around a live one, and one that plays a recording.

Mixins; `library.Library` adds the module's own stream base class. The tees are plain generators around the
library's iterator: a chunk is noted, then handed on, before the next one is asked for.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tokentape.interceptors import ending
from tokentape.interceptors.faults import fault_of
from tokentape.outcomes import Data, Wait
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from tokentape.interceptors.httpx.library import Library
    from tokentape.outcomes import Forward, Served


class _Tee:
    """What both tees share: the forward, and what to do when the program drops the response."""

    def __init__(self, stream: object, forward: Forward) -> None:
        self._stream = stream
        self._forward = forward
        self._is_over = False

    def _end(self, error: BaseException | None) -> None:
        self._is_over = True
        if error is None:
            ending.end(self._forward, How.EOF)
        else:
            ending.end(self._forward, *fault_of(error))

    def _closed(self) -> None:
        if not self._is_over:
            self._is_over = True
            ending.end(self._forward, _why_closed())

    def __del__(self) -> None:
        if not self._is_over:
            ending.abandon(self._forward)


class SyncTee(_Tee):
    """A live body that a `Forward` hears of."""

    _stream: httpx.SyncByteStream

    def __iter__(self) -> Iterator[bytes]:
        note = self._forward.chunk
        try:
            for data in self._stream:
                note(data)
                yield data
        except GeneratorExit:  # left early: `close` follows, or nobody holds us any more
            raise
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._closed()


class AsyncTee(_Tee):
    """The same, awaited."""

    _stream: httpx.AsyncByteStream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        note = self._forward.chunk
        parts = self._stream.__aiter__()
        try:
            async for data in parts:
                note(data)
                yield data
        except GeneratorExit:
            raise
        except BaseException as error:
            self._end(error)
            raise
        finally:
            if hasattr(parts, "aclose"):
                await parts.aclose()
        self._end(None)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._closed()


class _Playing:
    """A recorded body, for the request that asked for it."""

    def __init__(self, library: Library, served: Served, request: httpx.Request) -> None:
        self._library = library
        self._served = served
        self._request = request


class SyncPlaying(_Playing):
    """Plays the recorded steps."""

    def __iter__(self) -> Iterator[bytes]:
        for step in self._served:
            if isinstance(step, Data):
                yield step.data
            elif isinstance(step, Wait):
                time.sleep(step.seconds)
            else:
                raise self._library.raised(step, self._request)


class AsyncPlaying(_Playing):
    """Plays the recorded steps; other tasks get a turn before it fails, as they would on a network."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._served:
            if isinstance(step, Data):
                yield step.data
            elif isinstance(step, Wait):
                await pause(step.seconds)
            else:
                await pause(0)
                raise self._library.raised(step, self._request)


async def pause(seconds: float) -> None:
    """Sleep under asyncio or trio; 0 lets other tasks run, and cancellation in."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_task():
        await trio.sleep(seconds)
        return
    import asyncio

    await asyncio.sleep(seconds)


def _why_closed() -> How:
    """The caller closes; but where a cancellation is passing through, that is why."""
    error = sys.exception()
    while isinstance(error, GeneratorExit):
        error = error.__context__
    if error is not None and fault_of(error)[0] is How.CANCELLED:
        return How.CANCELLED
    return How.CLOSED_BY_CALLER
