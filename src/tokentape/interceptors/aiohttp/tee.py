"""A tee between a transport and aiohttp's protocol: raw bytes pass at once, and a `Forward` hears of them.

It is put in by `transport.set_protocol`, which also reaches connections pooled before activation (uvloop
keeps bound methods of the protocol), and taken out when the connection is released.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from tokentape.interceptors import ending
from tokentape.interceptors.aiohttp.faults import TOTAL_TIMEOUT, fault_of, text_of
from tokentape.interceptors.http1.deframing import Deframer
from tokentape.interceptors.http1.torn import told
from tokentape.wire.interaction import How, WireError

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    from tokentape.outcomes import Forward

GIVEN_UP = "Connection closed"
"""What aiohttp gives a body that its own caller closed."""


def tee(connection: Connection, request: aiohttp.ClientRequest, forward: Forward) -> None:
    """Record what comes over `connection` until it is released."""
    protocol, transport = connection.protocol, connection.transport
    put_in = Tee(protocol, request, forward)
    connection.add_callback(put_in.released)
    if transport is not None:
        transport.set_protocol(put_in)


class Tee(asyncio.Protocol):
    """Stands before the protocol for one call."""

    def __init__(
        self, inner: ResponseHandler | None, request: aiohttp.ClientRequest, forward: Forward
    ) -> None:
        assert inner is not None, "a connection just made has a protocol"
        self._inner = inner
        self._request = request
        self._forward = forward
        self._deframer = Deframer(request.method)
        self._has_head = False
        self._is_over = False
        self._is_lost = False

    def data_received(self, data: bytes) -> None:
        if not self._is_over:
            self._note(data)
        self._inner.data_received(data)
        refused = self._inner.exception()
        if refused is not None and not self._is_over:  # the parser is stricter than we are
            self._lost(refused, None)
        elif self._deframer.complete:
            self._end(How.EOF)

    def eof_received(self) -> None:
        self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        payload = self._inner._payload
        closed_here = self._inner.transport is None
        self._is_lost = True  # a body that ends with the connection releases it just now
        self._inner.connection_lost(exc)
        if self._is_over:
            return
        if closed_here and exc is None:
            self._end(How.CLOSED_BY_CALLER)
        elif exc is None and self._has_head and self._deframer.until_close:
            self._end(How.EOF)
        else:
            seen = (payload and payload.exception()) or self._inner.exception() or exc
            self._lost(seen or ConnectionError("connection lost"), exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def released(self) -> None:
        """The connection goes back to the pool, or is closed: the call is over, one way or the other."""
        transport = self._inner.transport
        if transport is not None and transport.get_protocol() is self:
            transport.set_protocol(self._inner)
        if self._is_over or self._is_lost:
            return
        if _is_collected():
            self._is_over = True
            ending.abandon(self._forward)
        elif self._deframer.complete:
            self._end(How.EOF)
        else:
            self._left()

    def __del__(self) -> None:
        if not self._is_over:
            ending.abandon(self._forward)

    def _note(self, data: bytes) -> None:
        pieces = self._deframer.feed(data)
        head = self._deframer.head
        if head is not None and not self._has_head:
            self._has_head = True
            if head.status == 101:
                self._switched()
                return
            self._forward.start(*head)
        for piece in pieces:
            self._forward.chunk(piece)

    def _switched(self) -> None:
        """What follows is no HTTP: left alone."""
        self._is_over = True
        self._forward.leave("switched protocols (101)", warn=True)

    def _left(self) -> None:
        """Released before the end: the protocol or the body knows why, or the caller wanted it so."""
        payload = self._inner._payload
        error = self._inner.exception() or (payload.exception() if payload is not None else None)
        if error is not None and not (
            type(error).__name__ == "ClientConnectionError" and str(error) == GIVEN_UP
        ):
            self._lost(error, None)
        else:
            self._end(*why_left(self._request))

    def _lost(self, seen: BaseException, lost: Exception | None) -> None:
        """The reply broke off: `seen` is what the caller gets, `lost` what the socket said."""
        how, error = fault_of(seen)
        name = type(seen).__name__
        if isinstance(lost, OSError):
            how = How.RESET
        elif not self._deframer.broken and name == "ClientPayloadError":
            how = How.CUT
        text = told(error.message if error else text_of(seen), self._deframer.torn)
        self._end(how, WireError(name, text))

    def _end(self, how: How, error: WireError | None = None) -> None:
        if not self._is_over:
            self._is_over = True
            ending.end(self._forward, how, error, self._deframer.trailers)


def why_left(request: aiohttp.ClientRequest) -> tuple[How, WireError | None]:
    """The caller closes; but where a cancellation or the session's own timer passes through, that is why."""
    error = sys.exception()
    while isinstance(error, GeneratorExit):
        error = error.__context__
    if getattr(request._timer, "_cancelled", False):
        return How.READ_TIMEOUT, WireError(TOTAL_TIMEOUT, "")
    if error is not None and fault_of(error)[0] is How.CANCELLED:
        return How.CANCELLED, None
    return How.CLOSED_BY_CALLER, None


def _is_collected() -> bool:
    """True if the response is being dropped by the garbage collector, which may come at any moment."""
    frame = sys._getframe(2)
    for _ in range(4):
        if frame is None:
            return False
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
