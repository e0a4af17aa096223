"""Playing a recording to aiohttp: its own protocol and parser, fed with re-framed bytes from a tape.

A piece is fed when somebody waits for it, so the reader gets the recorded pieces one by one, however slow it
is, and a read past the recorded end is one. A reply of at most one piece comes as a whole with its head, as
it does from a network; the end comes with the last piece.
"""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING, cast

from tokentape.interceptors.aiohttp.faults import unnatural
from tokentape.interceptors.http1.framing import framed
from tokentape.interceptors.http1.torn import heard
from tokentape.outcomes import Data, Fail, Incomplete, Wait
from tokentape.wire.interaction import How
from tokentape.wire.message import header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    import aiohttp
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.http_parser import RawResponseMessage
    from aiohttp.streams import StreamReader

    from tokentape.interceptors.aiohttp.library import Library
    from tokentape.outcomes import Answer, Served

    Part = bytes | Wait | Fail | Incomplete
else:
    ResponseHandler = StreamReader = object  # the module's own join them in `aiohttp_library`

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Reel:
    """What there is to feed, in order."""

    def __init__(self, library: Library, request: aiohttp.ClientRequest, answer: Answer) -> None:
        self._library = library
        self._answer = answer
        self._request = request
        self._parts: Iterator[Part] = iter(())
        self._left = 0

    def start(self, auto_decompress: bool) -> None:
        """Only now it is known which codings the session decodes: without `auto_decompress`, none."""
        answer = self._answer
        if answer.fault is not None:
            self._parts = iter(_broken(answer.fault))
            return
        coded = header(answer.response.headers, "content-encoding") or ""
        named = frozenset(part.strip().lower() for part in coded.split(","))
        served = answer.serve(self._library.codecs if auto_decompress else named)
        parts = framed(self._request.method, answer, served)
        if all(isinstance(step, Data) for step in served.steps):
            packets = _packets(parts, served)
            parts, self._left = iter(packets), len(packets)
        self._parts = parts

    def next(self) -> Part | None:
        """The next part; None at the end."""
        self._left -= 1
        return next(self._parts, None)

    @property
    def is_at_plain_end(self) -> bool:
        """True after the last part of a reply that ended well."""
        return self._left == 0

    @property
    def first(self) -> list[Part]:
        """What comes before the reply: the recorded delay, and leave to send the body."""
        waits = [Wait(self._answer.delay)] if self._answer.delay else []
        return [*waits, *([CONTINUE] if self._request._continue is not None else [])]

    @property
    def module(self) -> ModuleType:
        """The library."""
        return self._library.module

    @property
    def reader(self) -> type:
        """The reader that says when it waits."""
        return self._library.reader


def _broken(fault: Fail) -> list[Part]:
    """No head came; but what came instead is fed, so that the parser says what it said."""
    tail = heard(fault.error.message)[1].tail if fault.error else b""
    return [tail, fault] if tail else [fault]


def _packets(parts: Iterator[Part], served: Served) -> list[Part]:
    """Head, pieces, end: the end joined to the last piece, and all of it where there is one piece at most."""
    head, *rest = cast("Iterator[bytes]", parts)
    count = sum(isinstance(step, Data) and bool(step.data) for step in served.steps)
    if count <= 1:
        return [b"".join((head, *rest))]
    return [head, *rest[: count - 1], b"".join(rest[count - 1 :])]


class PlayingProtocol(ResponseHandler):
    """Mixin for the library's `ResponseHandler`: what it reads comes from a tape.

    Its timers for reading are off: on a tape, only a recorded timeout is one.
    """

    _reel: Reel
    _started = False
    _has_head = False
    _tells = True
    _is_due = False

    def read_from(self, reel: Reel, connector: aiohttp.BaseConnector) -> None:
        """Have `reel` played. When `connector` is closed, it ends."""
        self._reel = reel
        self._connector = connector
        self._before = reel.first
        self._fake = FakeTransport(self)
        self.connection_made(self._fake)

    def set_response_params(self, **params: object) -> None:
        self._auto_decompress = bool(params.get("auto_decompress", True))
        super().set_response_params(**params)  # type: ignore[arg-type]

    async def read(self) -> tuple[RawResponseMessage, StreamReader]:
        """The next head. The request has been sent by then, as far as it can be."""
        if not self._started:
            self._started = True
            self._reel.start(self._auto_decompress)
        self.wanted()
        return await super().read()

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """The parser has read a head: from here on the body's reader says when it waits."""
        message, payload = data
        self._has_head = message.code >= 200
        self._tells = type(payload) is self._reel.module.streams.StreamReader
        if self._tells:
            payload.__class__ = self._reel.reader
        super().feed_data(data, size)

    def wanted(self) -> None:
        """Somebody waits: feed the next part as soon as the loop comes to it."""
        if self._connector.closed:
            self.close()
        elif not self._is_due and self.transport is not None:
            self._is_due = True
            self._loop.call_soon(self._feed)

    def _feed(self) -> None:
        self._is_due = False
        if self.transport is None or self._fake.is_paused:
            return
        part = self._before.pop(0) if self._before else self._reel.next()
        if isinstance(part, bytes):
            self.data_received(part)
            self._fed()
        elif isinstance(part, Wait):
            self._is_due = True
            self._loop.call_later(part.seconds, self._feed)
        elif part is None:
            self._over()
        else:
            self._fail(part)

    def _fed(self) -> None:
        """Go on where that part was not enough for whoever waits, and at once to a plain end."""
        if self._has_head and self._reel.is_at_plain_end:
            self._over()
        elif self._is_awaited():
            self.wanted()

    def _is_awaited(self) -> bool:
        if not self._has_head:
            return self._waiter is not None
        payload = self._payload
        return payload is not None and bool(payload._waiter or payload._eof_waiter or not self._tells)

    def _over(self) -> None:
        """The tape is at its end; a body that is not takes that for the end of the connection."""
        if self._payload is None or not self._payload.is_eof():
            self.connection_lost(None)

    def _fail(self, step: Fail | Incomplete) -> None:
        target = self._payload if self._has_head and self._payload is not None else self
        if target.exception() is not None:
            return
        if isinstance(step, Incomplete):
            error: Exception | None = step.error
        else:
            error = unnatural(self._reel.module, step, in_body=target is not self)
        if error is not None:
            target.set_exception(error)
        elif isinstance(step, Fail) and step.how is How.READ_TIMEOUT:
            self._on_read_timeout()
        elif isinstance(step, Fail) and step.how is How.RESET:
            self.connection_lost(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
        else:
            self.connection_lost(None)

    def _reschedule_timeout(self) -> None:
        """No timer."""


class AwaitedReader:
    """What replaces methods of the library's `StreamReader` in a class of the same layout (no mixin has it).

    The parser makes the reader; its class is changed afterwards, so that it tells when somebody waits.
    """

    _protocol: PlayingProtocol

    async def _wait(self, func_name: str) -> None:
        self._protocol.wanted()
        await _library_class(self)._wait(cast("StreamReader", self), func_name)

    async def wait_eof(self) -> None:
        self._protocol.wanted()
        await _library_class(self).wait_eof(cast("StreamReader", self))

    def read_nowait(self, n: int = -1) -> bytes:
        self._protocol.wanted()
        return _library_class(self).read_nowait(cast("StreamReader", self), n)


def _library_class(reader: AwaitedReader) -> type[StreamReader]:
    return cast("type[StreamReader]", type(reader).__base__)


class FakeTransport(asyncio.Transport):
    """Takes what is written, and closes as a socket does: the protocol hears of it a moment later."""

    def __init__(self, protocol: PlayingProtocol) -> None:
        super().__init__()
        self._protocol = protocol
        self._is_closing = False
        self.is_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """The recorded server has heard it all before."""

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            if self._protocol._loop.is_closed():  # the garbage collector found an abandoned response
                return
            self._protocol._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_reading(self) -> bool:
        return not self.is_paused

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        if self.is_paused:
            self.is_paused = False
            self._protocol._fed()


class StubConnector:
    """What a connection needs of its connector: a played one is closed where another would be pooled."""

    closed = False
    _closed = False

    def __init__(self, force_close: bool) -> None:
        self.force_close = self._force_close = force_close

    def _release(self, key: object, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        protocol.close()


def played(
    library: Library, connector: aiohttp.BaseConnector, request: aiohttp.ClientRequest, answer: Answer
) -> Connection:
    """A connection over which `answer` comes."""
    loop = asyncio.get_running_loop()
    protocol = library.protocol(loop)
    protocol.read_from(Reel(library, request, answer), connector)
    made: Connection = library.module.connector.Connection(
        StubConnector(connector.force_close), request.connection_key, protocol, loop
    )
    return made
