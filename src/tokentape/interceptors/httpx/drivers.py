"""The two thin drivers, sync and async, that stand in for a transport of httpx or httpx2 for one send.

All that is decided is in `_Driver`, without I/O; the drivers only differ in how they read, send and sleep.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from tokentape.interceptors import claim, ending
from tokentape.interceptors.faults import fault_of, is_local
from tokentape.interceptors.httpx.doubles import why_not_recorded
from tokentape.interceptors.httpx.streams import pause
from tokentape.outcomes import Fail, Forward
from tokentape.wire.interaction import CALLER_STOPPED, How

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Iterator

    import httpx

    from tokentape.interceptors.base import Tape
    from tokentape.interceptors.httpx.library import Library
    from tokentape.outcomes import Miss, Replay
    from tokentape.wire.message import Request


class Ours:
    """Marks our transports, so that none is wrapped again."""


class _SyncTransport(Protocol):
    def handle_request(self, request: httpx.Request) -> httpx.Response: ...

    def close(self) -> None: ...


class _AsyncTransport(Protocol):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response: ...

    async def aclose(self) -> None: ...


class _Driver(Ours):
    """One client's transport, and what to ask the tape about it.

    `is_network`: the class is known to send over the network. Of any other class only requests to LLM
    providers count: it may be a test double, or a server in this process.
    """

    def __init__(self, library: Library, tape: Tape, inner: object, is_network: bool) -> None:
        self._library = library
        self._tape = tape
        self._inner = inner
        self._is_network = is_network

    def __getattr__(self, name: str) -> object:
        if "_inner" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._inner, name)

    def _is_ours(self, asked: Request, body: bytes | None) -> bool:
        """Whether to ask the tape at all; `body` None is one that was not read yet."""
        if claim.is_claimed(asked, body_known=body is not None):
            return False
        return self._is_network or self._tape.known_url(asked)

    def _teed(self, forward: Forward, response: httpx.Response, tee: type) -> httpx.Response:
        """The response, recorded as it is read; one that a mock made up is told to be none of a server's."""
        why = why_not_recorded(self._inner, response)
        if why is not None:
            forward.leave(why, warn=True)
            return response
        return teed(self._library, forward, response, tee)

    def _failed(self, forward: Forward, error: BaseException) -> None:
        """The send failed before a head came."""
        if is_local(error):
            forward.leave(f"never left ({type(error).__name__})", warn=False)
        else:
            ending.end(forward, *fault_of(error))


class SyncDriver(_Driver):
    """Stands in for a transport during one send of `Client`."""

    _inner: _SyncTransport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Replay, or send and record."""
        library = self._library
        body = library.loaded(request)
        asked = library.asked(request, body)
        if not self._is_ours(asked, body):
            return self._inner.handle_request(request)
        if body is not None:
            return self._decided(request, asked)
        body = b"".join(cast("Iterable[bytes]", request.stream))
        with _sending(library, request, body):
            return self._decided(request, library.asked(request, body))

    def _decided(self, request: httpx.Request, asked: Request) -> httpx.Response:
        outcome = ending.begin(self._tape, asked)
        if outcome is None:
            return self._inner.handle_request(request)
        if isinstance(outcome, Forward):
            return self._forwarded(outcome, request, asked)
        return replayed(self._library, outcome, request)

    def _forwarded(self, forward: Forward, request: httpx.Request, asked: Request) -> httpx.Response:
        try:
            with claim.claimed(asked):
                response = self._inner.handle_request(request)
        except BaseException as error:
            self._failed(forward, error)
            raise
        return self._teed(forward, response, self._library.sync_tee)

    def close(self) -> None:
        """Close the transport that we stand in for."""
        self._inner.close()


class AsyncDriver(_Driver):
    """Stands in for a transport during one send of `AsyncClient`."""

    _inner: _AsyncTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Replay, or send and record."""
        library = self._library
        body = library.loaded(request)
        asked = library.asked(request, body)
        if not self._is_ours(asked, body):
            return await self._inner.handle_async_request(request)
        if body is not None:
            return await self._decided(request, asked)
        stream = cast("AsyncIterable[bytes]", request.stream)
        body = b"".join([part async for part in stream])
        with _sending(library, request, body):
            return await self._decided(request, library.asked(request, body))

    async def _decided(self, request: httpx.Request, asked: Request) -> httpx.Response:
        outcome = ending.begin(self._tape, asked)
        if outcome is None:
            return await self._inner.handle_async_request(request)
        if isinstance(outcome, Forward):
            return await self._forwarded(outcome, request, asked)
        return await areplayed(self._library, outcome, request)

    async def _forwarded(self, forward: Forward, request: httpx.Request, asked: Request) -> httpx.Response:
        try:
            with claim.claimed(asked):
                response = await self._inner.handle_async_request(request)
        except BaseException as error:
            self._failed(forward, error)
            raise
        return self._teed(forward, response, self._library.async_tee)

    async def aclose(self) -> None:
        """Close the transport that we stand in for."""
        await self._inner.aclose()


def replayed(library: Library, answer: Replay | Miss, request: httpx.Request) -> httpx.Response:
    """The recorded response, or the recorded fault."""
    if answer.delay:
        time.sleep(answer.delay)
    if answer.fault is not None:
        raise _no_reply(library, answer, answer.fault, request)
    served = answer.serve(library.codecs)
    return library.response(answer, served, library.sync_playing(library, served, request))


async def areplayed(library: Library, answer: Replay | Miss, request: httpx.Request) -> httpx.Response:
    """The same; other tasks get a turn first, as they would on a network."""
    await pause(answer.delay)
    if answer.fault is not None:
        raise _no_reply(library, answer, answer.fault, request)
    served = answer.serve(library.codecs)
    return library.response(answer, served, library.async_playing(library, served, request))


def teed(library: Library, forward: Forward, response: httpx.Response, tee: type) -> httpx.Response:
    """The library's response, recorded as it is read.

    One that switches protocols is left alone: what follows it is no HTTP. One that a transport has read
    already is recorded at once: with its bytes where they can be had again, else in decoded form.
    """
    if response.status_code == 101:
        forward.leave("switched protocols (101)", warn=True)
        return response
    status, reason, headers, http = library.head(response)
    if response.is_stream_consumed:
        headers, body = library.consumed(response)
        forward.start(status, reason, headers, http)
        forward.chunk(body)
        ending.end(forward, How.EOF)
        return response
    forward.start(status, reason, headers, http)
    response.stream = tee(response.stream, forward)
    return response


@contextmanager
def _sending(library: Library, request: httpx.Request, body: bytes) -> Iterator[None]:
    """Send these bytes in place of the stream they were read from; the framing headers stay as they are.

    The user's own stream comes back afterwards, used up as it would be: a redirect of a generator upload
    fails as it always does.
    """
    stream = request.stream
    request.stream = library.module.ByteStream(body)
    try:
        yield
    finally:
        request.stream = stream


def _no_reply(library: Library, answer: Replay | Miss, fault: Fail, request: httpx.Request) -> Exception:
    """What to raise where no response was recorded."""
    if fault.how in CALLER_STOPPED:
        return answer.gave_up()
    return library.raised(fault, request)
