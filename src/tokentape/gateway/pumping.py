"""A stream on its way from the upstream to the client: one implementation for all dialects.

Bytes go on as they come. An upstream that says nothing for too long, or breaks off, becomes an error event
of the client's dialect; a client that leaves ends it all, and the upstream's connection with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.deadlines import Stall, Within
from tokentape.gateway.outlet import ClientGone, SignOfLife
from tokentape.gateway.shapes import no_stream
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.gateway.outlet import Outlet
    from tokentape.gateway.shapes import Shape
    from tokentape.upstreams.sending import Sent


@dataclass(frozen=True, slots=True)
class Pulse:
    """Seconds: `stall` between two chunks of the upstream, `total` for the stream, `heartbeat` of silence
    after which the client hears a sign of life; None: never.
    """

    stall: float | None = None
    total: float | None = None
    heartbeat: float | None = None


async def pump(
    sent: Sent, first: list[bytes], shape: Shape, outlet: Outlet, pulse: Pulse, hear: Callable[[bytes], None]
) -> Failure | None:
    """Everything after the head. `first` are chunks that were read already; `hear` sees each chunk as it
    came. Returns what went wrong, once the client was told; raises what the outlet raises.
    """
    heart = Heart(outlet, shape, pulse.heartbeat) if pulse.heartbeat else None
    try:
        return await _pumped(sent, first, shape, outlet, pulse, hear, heart)
    finally:
        if heart is not None:
            heart.stop()


async def _pumped(
    sent: Sent,
    first: list[bytes],
    shape: Shape,
    outlet: Outlet,
    pulse: Pulse,
    hear: Callable[[bytes], None],
    heart: Heart | None,
) -> Failure | None:
    try:
        for data in first:
            if out := shape.feed(data):
                await outlet.chunk(out)
                await asyncio.sleep(0)  # it leaves when the loop turns, and reading more may take a while
        with Within(pulse.total):
            await _rest(sent, shape, outlet, pulse.stall, hear, heart)
        if out := shape.end():
            await outlet.chunk(out)
    except ProtocolError as error:
        failure = no_stream(error)
    except SendFailed as error:
        failure = Failure(FailureKind.INCOMPLETE, f"the upstream broke off ({error.how}): {error.message}")
    except TimeoutError:
        failure = Failure(FailureKind.TIMEOUT, f"the stream took longer than {pulse.total:g} seconds")
    else:
        await outlet.end()
        return None
    sent.close()
    await _fail(shape, failure, outlet)
    return failure


async def _rest(
    sent: Sent,
    shape: Shape,
    outlet: Outlet,
    stall: float | None,
    hear: Callable[[bytes], None],
    heart: Heart | None,
) -> None:
    time = asyncio.get_running_loop().time
    try:
        with Stall(stall) as clock:
            while True:
                clock.begins()
                data = await sent.chunk()
                clock.ends()  # a client that reads slowly is no upstream that stalls
                if not data:
                    return
                hear(data)
                if out := shape.feed(data):
                    if heart is not None:
                        heart.beat_at = time()
                    await outlet.chunk(out)
    except TimeoutError as error:
        if not clock.expired:
            raise
        raise SendFailed(How.READ_TIMEOUT, f"nothing came for {stall:g} seconds") from error


async def chunk_within(sent: Sent, stall: float | None) -> bytes:
    """The next chunk, if it comes in time. Raises `SendFailed`."""
    try:
        with Within(stall):
            return await sent.chunk()
    except TimeoutError as error:
        raise SendFailed(How.READ_TIMEOUT, f"nothing came for {stall:g} seconds") from error


async def _fail(shape: Shape, failure: Failure, outlet: Outlet) -> None:
    told = shape.fail(failure)
    if told is None:
        await outlet.cut()
        return
    if told:
        await outlet.chunk(told)
    await outlet.end()


class Heart:
    """Tells the client now and then that the connection is alive, while the upstream is silent."""

    def __init__(self, outlet: Outlet, shape: Shape, every: float) -> None:
        self._outlet, self._shape, self._every = outlet, shape, every
        self._time = asyncio.get_running_loop().time
        self.beat_at = self._time()
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        with suppress(ClientGone):  # whoever pumps finds out, too
            while True:
                silent = self._time() - self.beat_at
                if silent < self._every:
                    await asyncio.sleep(self._every - silent)
                    continue
                self.beat_at = self._time()
                if ping := self._shape.ping():
                    await self._outlet.chunk(SignOfLife(ping))

    def stop(self) -> None:
        """No more of it."""
        self._task.cancel()
        del self._task  # a cancelled task knows where it was, and by that us
