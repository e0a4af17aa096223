"""`Sender` over aiohttp's connections: one HTTP/1.1 client with a pool of them, for all upstreams.

Bytes go out and come in as they are: nothing is followed, decoded, remembered or added. aiohttp resolves,
connects, secures, pools and parses; its session is not asked, since most of what that does for a request
(cookies, redirects, defaults, its own header fields) would have to be undone here. Deadlines but the one for
connecting are the exchange's, and so are retries.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.streams import EMPTY_PAYLOAD
from yarl import URL

from tokentape.upstreams.aiohttp_failures import FAILURES, NOT_COMPLETED, failure_of
from tokentape.upstreams.aiohttp_request import Protocol, Wire, head_of
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How
from tokentape.wire.message import headers_from_raw
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.http import RawResponseMessage

    from tokentape.upstreams.upstream import Times
    from tokentape.wire.message import Headers, Request

KEEP_ALIVE = 30.0
"""Seconds for which an idle connection is kept: less than servers keep theirs, so that few meet an end."""

NAMES_FOR = 60
"""Seconds for which an address that was looked up is used."""

_MOST_PLACES = 256
_MOST_BAD = 100
"""Connections that are taken from the pool and found bad, one after the other."""
_TARGET = re.compile("[/?#]")


class AiohttpSender:
    """Sends requests. Use it within one event loop, and close it there.

    `ca_file`: a file with authorities that are trusted besides those of the system. `resolver` looks names
    up, each time anew. The environment is asked for no proxy.
    """

    def __init__(self, *, ca_file: str | None = None, resolver: AbstractResolver | None = None) -> None:
        self._ca_file, self._resolver = ca_file, resolver
        self._connector: aiohttp.TCPConnector | None = None
        self._closed = False
        self._places: dict[str, aiohttp.ClientRequest] = {}
        """By what a URL begins with: what the connector wants to know of a place it connects to."""
        self._timeouts: dict[float | None, aiohttp.ClientTimeout] = {}
        self._wires: set[Wire] = set()

    async def send(self, request: Request, times: Times) -> AiohttpSent:
        """Send, and wait for the head. Raises `SendFailed`. Cancelled: the connection is dropped."""
        wire: Wire | None = None
        try:
            connector = self._connector or self._open()
            place, target = self._place_of(request.url)
            head = head_of(request, target, place.headers["Host"])
            wire = await self._wire(connector, place, times.connect)
            wire.write(head, request.body or b"", is_answered_with_body=request.method != "HEAD")
            return AiohttpSent(wire, request.url, *await wire.reply())
        except FAILURES as error:
            if wire is not None:
                wire.close()
            begun = wire is not None and wire.begun
            raise failure_of(error, host_of(request.url), begun=begun) from error
        except BaseException:
            if wire is not None:
                wire.close()
            raise

    async def _wire(
        self, connector: aiohttp.TCPConnector, place: aiohttp.ClientRequest, seconds: float | None
    ) -> Wire:
        """A connection: one that was used before, where it is good for it. Raises what aiohttp raises."""
        for _ in range(_MOST_BAD):
            try:
                connection = await connector.connect(place, [], self._timeout(seconds))
            except TimeoutError as error:
                raise aiohttp.ConnectionTimeoutError from error
            wire = Wire(connection, self._wires)
            if wire.is_usable:
                return wire
            wire.close()
        raise ConnectionResetError("connections end, or say something before they are asked")

    async def aclose(self) -> None:
        """Close all connections. Who waits on one gets `SendFailed`."""
        self._closed = True
        for wire in list(self._wires):
            wire.drop(aiohttp.ClientPayloadError(f"{NOT_COMPLETED}: the sender is closed"))
        connector, self._connector = self._connector, None
        if connector is not None:
            await connector.close()
        if self._resolver is not None:
            await self._resolver.close()

    def _timeout(self, connect: float | None) -> aiohttp.ClientTimeout:
        known = self._timeouts.get(connect)
        if known is None:
            known = self._timeouts[connect] = aiohttp.ClientTimeout(total=None, connect=connect)
        return known

    def _place_of(self, url: str) -> tuple[aiohttp.ClientRequest, str]:
        """Whom to connect to, and what to ask for there. Raises `aiohttp.InvalidURL`."""
        found = _TARGET.search(url, url.find("://") + 3)
        origin = url if found is None else url[: found.start()]
        target = "" if found is None else url[found.start() :].partition("#")[0]
        place = self._places.get(origin)
        if place is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            place = self._places[origin] = _place(origin)
        return place, target if target.startswith("/") else f"/{target}"

    def _open(self) -> aiohttp.TCPConnector:
        """The pool, made within the loop that runs when it is first needed."""
        if self._closed:
            raise RuntimeError("the sender is closed")
        trust: ssl.SSLContext | bool = True
        if self._ca_file is not None:
            trust = ssl.create_default_context()
            trust.load_verify_locations(self._ca_file)
            trust.set_alpn_protocols(["http/1.1"])
        self._connector = aiohttp.TCPConnector(
            limit=0,
            ssl=trust,
            resolver=self._resolver,
            use_dns_cache=self._resolver is None,
            ttl_dns_cache=NAMES_FOR,
            keepalive_timeout=KEEP_ALIVE,
        )
        kind: type[ResponseHandler] = Protocol
        self._connector._factory = partial(kind, loop=asyncio.get_running_loop())
        return self._connector


def _place(origin: str) -> aiohttp.ClientRequest:
    try:
        url = URL(origin)
    except ValueError as error:
        raise aiohttp.InvalidURL(origin) from error
    if url.scheme not in ("http", "https") or not url.host or url.raw_user or url.raw_password:
        raise aiohttp.InvalidURL(origin)
    return aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop())


class AiohttpSent:
    """A reply whose head came."""

    __slots__ = ("_content", "_ends_itself", "_url", "_wire", "headers", "http", "reason", "status")

    def __init__(
        self, wire: Wire, url: str, message: RawResponseMessage, content: aiohttp.StreamReader
    ) -> None:
        self._wire, self._url, self._content = wire, url, content
        self._ends_itself = message.chunked or content is EMPTY_PAYLOAD or "Content-Length" in message.headers
        self.status = message.code
        self.reason = message.reason or ""
        self.headers: Headers = headers_from_raw(message.raw_headers)
        self.http = f"{message.version.major}.{message.version.minor}"

    async def chunk(self) -> bytes:
        """The next bytes of the body; b"" at its end. Raises `SendFailed` for a body that broke off."""
        try:
            data = await self._content.readany()
        except FAILURES as error:
            raise self._failed(error) from error
        # A body that lasts until the connection ends is whole only where that was closed in good order.
        if not data and not self._ends_itself and (broke := self._wire.ended_by()) is not None:
            raise self._failed(broke)
        return data

    async def read(self, most: int) -> bytes:
        """The rest of the body. Raises `SendFailed` where it breaks off, or is longer than `most` bytes."""
        first = await self.chunk()
        pieces, size = [first], len(first)
        while pieces[-1] and size <= most:
            pieces.append(await self.chunk())
            size += len(pieces[-1])
        if size > most:
            self.close()
            raise SendFailed(How.PROTOCOL_ERROR, f"{host_of(self._url)}: its reply is over {most} bytes")
        return b"".join(pieces)

    def close(self) -> None:
        """Give the connection back if the body was read to its end, else drop it."""
        self._wire.close(is_whole=self._content.is_eof() and self._content.exception() is None)

    def _failed(self, error: Exception) -> SendFailed:
        return failure_of(error, host_of(self._url), replied=True)
