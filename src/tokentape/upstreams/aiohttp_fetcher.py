"""`Fetcher` over aiohttp. The address that is judged is the one that is connected to.

A name is resolved once, here, and the connection is made to what came of it, so that a name that changes its
mind (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import DefaultResolver

from tokentape import __version__
from tokentape.upstreams.aiohttp_sender import AiohttpSender
from tokentape.upstreams.destinations import Destinations, FetchOptions, NotFetched
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import Times
from tokentape.wire.message import Request, header
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult

    from tokentape.upstreams.sending import Sent

_MOVED = frozenset({301, 302, 303, 307, 308})
_FIELDS = (("User-Agent", f"tokentape/{__version__}"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))


class JudgingResolver(AbstractResolver):
    """Resolves names, and keeps the addresses to which a connection may be made."""

    def __init__(self, destinations: Destinations, resolver: AbstractResolver | None = None) -> None:
        self._destinations = destinations
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises `OSError` where none is left."""
        if self._resolver is None:
            self._resolver = DefaultResolver()
        found = await self._resolver.resolve(host, port, family)
        if self._destinations.allows_name(host.lower().rstrip(".")):
            return found
        refused: NotFetched | None = None
        kept = []
        for one in found:
            try:
                self._destinations.check_address(one["host"], host)
            except NotFetched as error:
                refused = error
            else:
                kept.append(one)
        if refused is not None and not kept:
            raise OSError(str(refused))
        return kept

    async def close(self) -> None:
        """Close the resolver beneath."""
        if self._resolver is not None:
            await self._resolver.close()


class AiohttpFetcher:
    """Fetches media. Use it within one event loop, and close it there."""

    def __init__(self, options: FetchOptions, resolver: AbstractResolver | None = None) -> None:
        self._options = options
        self._destinations = Destinations.of(options)
        self._sender = AiohttpSender(resolver=JudgingResolver(self._destinations, resolver))

    async def fetch(self, url: str) -> tuple[str, bytes]:
        """Media type and bytes of what a URL shows. Raises `NotFetched`."""
        host = host_of(url)
        try:
            async with asyncio.timeout(self._options.seconds):
                return await self._followed(url)
        except SendFailed as error:
            raise NotFetched(f"nothing was fetched from {host}: {error.message}") from error
        except TimeoutError as error:
            seconds = self._options.seconds
            raise NotFetched(f"nothing was fetched from {host} within {seconds:g} seconds") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sender.aclose()

    async def _followed(self, url: str) -> tuple[str, bytes]:
        url = self._destinations.checked(url)
        for _ in range(self._options.redirects + 1):
            sent = await self._sender.send(Request("GET", url, _FIELDS), Times())
            try:
                location = header(sent.headers, "location")
                if sent.status not in _MOVED or location is None:
                    return await self._read(sent, url)
            finally:
                sent.close()
            url = self._destinations.redirected(url, location)
        raise NotFetched(
            f"nothing was fetched from {host_of(url)}: more than {self._options.redirects} redirects"
        )

    async def _read(self, sent: Sent, url: str) -> tuple[str, bytes]:
        host = host_of(url)
        if sent.status != 200:
            raise NotFetched(f"nothing was fetched from {host}: it answered {sent.status}")
        media_type = self._destinations.check_type(header(sent.headers, "content-type") or "", url)
        if (header(sent.headers, "content-encoding") or "identity").strip().lower() != "identity":
            raise NotFetched(f"nothing was fetched from {host}: its reply is compressed, unasked")
        length = header(sent.headers, "content-length")
        if length is not None and length.isdigit() and int(length) > self._options.most:
            raise NotFetched(f"nothing was fetched from {host}: over {self._options.most} bytes")
        return media_type, await sent.read(self._options.most)
