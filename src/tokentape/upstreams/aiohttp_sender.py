"""`Sender` over aiohttp: one HTTP/1.1 client with a pool of connections, for all upstreams.

Bytes go out and come in as they are: nothing is followed, decoded, remembered or added. Deadlines but the
one for connecting are the exchange's, and so are retries.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from tokentape.upstreams.aiohttp_failures import FAILURES, failure_of
from tokentape.upstreams.aiohttp_request import BareRequest, Body, HeldResponse, headers_of
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How
from tokentape.wire.message import headers_from_raw
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from tokentape.upstreams.upstream import Times
    from tokentape.wire.message import Headers, Request

KEEP_ALIVE = 30.0
"""Seconds for which an idle connection is kept: less than servers keep theirs, so that few meet an end."""

NAMES_FOR = 60
"""Seconds for which an address that was looked up is used."""

LARGEST_FIELD = 0x10000
"""Bytes of one header field, and of the status line, of a reply."""


class AiohttpSender:
    """Sends requests. Use it within one event loop, and close it there.

    `proxy`: the URL of an HTTP proxy through which all goes; the environment is not asked. `ca_file`: a file
    with authorities that are trusted besides those of the system. `resolver` looks names up, each time anew.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        ca_file: str | None = None,
        keep_alive: float = KEEP_ALIVE,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._proxy, self._ca_file, self._keep_alive = proxy, ca_file, keep_alive
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._timeouts: dict[float | None, aiohttp.ClientTimeout] = {}

    async def send(self, request: Request, times: Times) -> AiohttpSent:
        """Send, and wait for the head. Raises `SendFailed`. Cancelled: the connection is dropped."""
        body = Body(request.body) if request.body is not None else None
        try:
            response = await (self._session or self._open()).request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers_of(request),
                data=body,
                allow_redirects=False,
                timeout=self._timeout(times.connect),
            )
        except FAILURES as error:
            if body is not None:
                body.drop()
            raise failure_of(error, host_of(request.url), body) from error
        except asyncio.CancelledError:
            if body is not None:
                body.drop()
            raise
        return AiohttpSent(response, request.url, body)

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._resolver is not None:
            await self._resolver.close()

    def _timeout(self, connect: float | None) -> aiohttp.ClientTimeout:
        known = self._timeouts.get(connect)
        if known is None:
            known = self._timeouts[connect] = aiohttp.ClientTimeout(total=None, connect=connect)
        return known

    def _open(self) -> aiohttp.ClientSession:
        """The session, made within the loop that runs when it is first needed."""
        if self._closed:
            raise RuntimeError("the sender is closed")
        trust: ssl.SSLContext | bool = True
        if self._ca_file is not None:
            trust = ssl.create_default_context()
            trust.load_verify_locations(self._ca_file)
            trust.set_alpn_protocols(["http/1.1"])
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                ssl=trust,
                resolver=self._resolver,
                use_dns_cache=self._resolver is None,
                ttl_dns_cache=NAMES_FOR,
                keepalive_timeout=self._keep_alive,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=BareRequest,
            response_class=HeldResponse,
            auto_decompress=False,
            trust_env=False,
            proxy=self._proxy,
            max_line_size=LARGEST_FIELD,
            max_field_size=LARGEST_FIELD,
        )
        return self._session


class AiohttpSent:
    """A reply whose head came."""

    __slots__ = ("_body", "_content", "_response", "_url", "headers", "http", "reason", "status")

    def __init__(self, response: aiohttp.ClientResponse, url: str, body: Body | None) -> None:
        self._response = response
        self._content = response.content
        self._url, self._body = url, body
        self.status = response.status
        self.reason = response.reason or ""
        self.headers: Headers = headers_from_raw(response.raw_headers)
        version = response.version
        self.http = "1.1" if version is None else f"{version.major}.{version.minor}"

    async def chunk(self) -> bytes:
        """The next bytes of the body; b"" at its end. Raises `SendFailed` for a body that broke off."""
        try:
            data = await self._content.readany()
        except FAILURES as error:
            raise self._failed(error) from error
        if not data:
            self._must_be_whole()
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
        is_whole = self._content.is_eof() and self._content.exception() is None
        if is_whole:
            self._response.release()
        else:
            self._response.close()
        # A connection whose request was sent and answered may serve another call by now.
        body, self._body = self._body, None
        if body is not None and not (is_whole and body.finished):
            body.drop()

    def _must_be_whole(self) -> None:
        """A body that lasts until the connection ends is whole only where that was closed in good order."""
        broke = self._response.broke if isinstance(self._response, HeldResponse) else None
        if broke is not None:
            raise self._failed(broke)

    def _failed(self, error: Exception) -> SendFailed:
        return failure_of(error, host_of(self._url), None, replied=True)
