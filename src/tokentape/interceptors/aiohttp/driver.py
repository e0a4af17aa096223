"""What happens when a request asks a connector for a connection: replay, record, or leave it alone."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from tokentape.interceptors import claim, ending
from tokentape.interceptors.aiohttp.faults import BEFORE_SENDING, fault_of, is_local, no_connection
from tokentape.interceptors.aiohttp.replay import played
from tokentape.interceptors.aiohttp.request import asked, is_unread, read_body
from tokentape.interceptors.aiohttp.tee import tee, why_left
from tokentape.outcomes import Forward
from tokentape.wire.interaction import CALLER_STOPPED, How, WireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp
    from aiohttp.connector import Connection

    from tokentape.interceptors.aiohttp.library import Library
    from tokentape.interceptors.base import Tape
    from tokentape.outcomes import Miss, Replay
    from tokentape.wire.message import Request

    Connect = Callable[[], Awaitable[Connection]]


class Driver:
    """Stands before `connect` of every connector of one library."""

    def __init__(self, library: Library, tape: Tape) -> None:
        self._library = library
        self._tape = tape

    async def connect(
        self,
        connector: aiohttp.BaseConnector,
        request: aiohttp.ClientRequest,
        real: Connect,
        limit: float | None = None,
    ) -> Connection:
        """A connection for `request`: a real one by `real`, in `limit` seconds, or one to the tape."""
        says_close = connector.force_close and self._library.says_close
        if is_unread(self._library, request) and claim.is_claimed(
            asked(request, says_close, None), body_known=False
        ):
            return await real()
        wanted = asked(request, says_close, await read_body(self._library, request))
        if not self._is_ours(connector, wanted):
            return await real()
        outcome = ending.begin(self._tape, wanted)
        if outcome is None:
            with claim.claimed(wanted):  # a connector that calls another one's `connect` asks once
                return await real()
        if isinstance(outcome, Forward):
            return await self._forwarded(outcome, request, wanted, real, limit)
        return await self._replayed(outcome, connector, request)

    def _is_ours(self, connector: aiohttp.BaseConnector, wanted: Request) -> bool:
        """Whether to ask the tape at all. A connector of an unknown kind may be a test double."""
        if claim.is_claimed(wanted):
            return False
        return isinstance(connector, self._library.network) or self._tape.known_url(wanted)

    async def _forwarded(
        self,
        forward: Forward,
        request: aiohttp.ClientRequest,
        wanted: Request,
        real: Connect,
        limit: float | None,
    ) -> Connection:
        loop = asyncio.get_running_loop()
        due = loop.time() + limit if limit else math.inf
        try:
            with claim.claimed(wanted):
                connection = await real()
        except BaseException as error:
            self._failed(forward, request, error, is_late=loop.time() >= due)
            raise
        tee(connection, request, forward)
        return connection

    def _failed(
        self, forward: Forward, request: aiohttp.ClientRequest, error: BaseException, *, is_late: bool
    ) -> None:
        """No connection came about. aiohttp 3.9 cancels where later versions raise a `TimeoutError`."""
        is_cancelled = isinstance(error, asyncio.CancelledError)
        if is_local(error):
            forward.leave(f"never left ({type(error).__name__})", warn=False)
        elif is_cancelled and not is_late:
            ending.end(forward, *why_left(request))
        elif is_cancelled or type(error) is TimeoutError:  # the session is about to make its own of it
            name = self._library.connect_timeout
            told = WireError(name, f"Connection timeout to host {request.url}")
            ending.end(forward, How.CONNECT_TIMEOUT, told)
        else:
            ending.end(forward, *fault_of(error))

    async def _replayed(
        self, answer: Replay | Miss, connector: aiohttp.BaseConnector, request: aiohttp.ClientRequest
    ) -> Connection:
        fault = answer.fault
        if fault is None or fault.how not in CALLER_STOPPED | BEFORE_SENDING:
            return played(self._library, connector, request, answer)
        await asyncio.sleep(answer.delay)
        if fault.how in CALLER_STOPPED:
            raise answer.gave_up()
        raise no_connection(self._library.module, fault, request)
