"""A reply from the tape to a client, and a client's reply onto the tape: both at the client's edge.

What is recorded is what the client asked and what it got, so a cassette of the gateway replays in process,
through any HTTP library, byte for byte; and no change of a translator can invalidate it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tokentape.gateway.naming import OURS, OWN
from tokentape.gateway.outlet import ClientGone, SignOfLife
from tokentape.outcomes import Data, Wait
from tokentape.wire.interaction import CALLER_STOPPED, How, WireError
from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.outlet import Outlet
    from tokentape.outcomes import Forward, Miss, Replay
    from tokentape.wire.message import Headers

HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
"""Header fields that say something about one connection only (RFC 9110, section 7.6.1)."""

CODECS = frozenset({"gzip", "deflate", "br", "zstd", "identity"})
"""A recorded coding goes on as it is."""


REFUSALS = frozenset({401, 403, 407})
"""Statuses that speak of a credential."""


class Unplayable(Exception):
    """The recording holds a fault that came before any reply: `how` it failed."""

    def __init__(self, how: How, message: str) -> None:
        self.how = how
        super().__init__(message)


async def play(answer: Replay | Miss, outlet: Outlet, more: Headers = ()) -> None:
    """Serve a recording, with its chunks, its pace and the way it ended. `more` are our own headers.

    Raises `Unplayable` where no reply came when it was recorded.
    """
    if answer.delay:
        await asyncio.sleep(answer.delay)
    if answer.fault is not None:
        error = answer.fault.error
        how = answer.fault.how
        raise Unplayable(how, f"the recorded call failed ({how}{': ' + error.message if error else ''})")
    served = answer.serve(CODECS)
    await outlet.start(answer.status, (*without(served.headers, *HOP), *more))
    for step in served:
        if isinstance(step, Data):
            await outlet.chunk(step.data)
        elif isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
        else:
            await outlet.cut()
            return
    await outlet.end()


class Taped:
    """An outlet that records what goes through it. The end reaches the client once it is kept: what a
    client has in whole is never lost.

    A credential that was refused is no recording unless `keeps_refusals`: the next run has another one, and a
    gateway, which replays from run to run, would answer it with that refusal for ever.
    """

    def __init__(
        self,
        inner: Outlet,
        forward: Forward,
        keep: Callable[[Callable[[], None]], Awaitable[None]],
        *,
        keeps_refusals: bool = False,
    ) -> None:
        self._inner, self._forward, self._keep = inner, forward, keep
        self._keeps_refusals = keeps_refusals
        self._left: int | None = None

    async def start(self, status: int, headers: Headers) -> None:
        """The head, without what only the gateway says. An error of its own is no recording."""
        if OWN[0] in headers:
            self._forward.leave("", warn=False)
        elif status in REFUSALS and not self._keeps_refusals:
            self._forward.leave(f"was refused ({status}): its key is wrong", warn=False)
        kept = tuple(field for field in headers if not field[0].lower().startswith(OURS))
        self._forward.start(status, "", kept)
        length = header(headers, "content-length")
        self._left = int(length) if length is not None and length.isdigit() else None
        await self._inner.start(status, headers)

    async def chunk(self, data: bytes) -> None:
        """Bytes go out first: recording delays nothing. But those that end a body of known length are kept
        before, since the client then has it in whole.
        """
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self._forward.chunk(data)
                await self._keep(lambda: self._forward.end(How.EOF))
                await self._inner.chunk(data)
                return
        try:
            await self._inner.chunk(data)
        finally:
            if not isinstance(data, SignOfLife):
                self._forward.chunk(data)

    async def end(self) -> None:
        """The whole reply."""
        await self._keep(lambda: self._forward.end(How.EOF))
        await self._inner.end()

    async def cut(self) -> None:
        """A reply that broke off is recorded as one."""
        await self.failed(How.CUT, "the upstream's reply broke off")
        await self._inner.cut()

    async def gone(self) -> None:
        """As the client's."""
        await self._inner.gone()

    async def failed(self, how: How, message: str) -> None:
        """The reply ends like this on tape; nothing more is recorded."""
        error = None if how in CALLER_STOPPED else WireError("Upstream", message)
        await self._keep(lambda: self._forward.end(how, error))


async def closed(outlet: Taped, error: BaseException) -> None:
    """What is recorded where the answering of a call ended with `error`."""
    gone = isinstance(error, ClientGone | asyncio.CancelledError)
    how = How.CLOSED_BY_CALLER if gone else How.CUT
    await asyncio.shield(outlet.failed(how, "the gateway failed"))
