"""A request on aiohttp's wire: the headers as they were given, the body as it was given, and nothing else.

aiohttp would add what it likes to say about itself, and describe bodies; here the list is the truth. What
belongs to the connection and not to the message (RFC 9110, 7.6.1), and how the body is framed, is said by
who holds the connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from aiohttp.payload import Payload
from multidict import CIMultiDict

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.connector import Connection

    from tokentape.wire.message import Request

SLICE = 0x40000
"""Bytes of a body that are written between two looks at whether the other side still reads."""

OWN = frozenset({"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te"}) | {
    "transfer-encoding",
    "upgrade",
}
"""Header fields that are said anew on each connection."""


class Body(Payload):
    """Bytes to send. `begun`: the first of them, and the head before them, were handed to the socket.
    `finished`: all were.
    """

    _autoclose = True

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._data = data
        self._size = len(data)
        self._transport: asyncio.Transport | None = None
        self.begun = False
        self.finished = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text; aiohttp wants it to be there."""
        return self._data.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """All of it, in slices: a large one waits until the other side reads."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """The same; its length is what the head says."""
        data = self._data
        self._transport = getattr(writer, "transport", None)
        if len(data) <= SLICE:
            await writer.write(data)
        else:
            view = memoryview(data)
            for start in range(0, len(data), SLICE):
                await writer.write(view[start : start + SLICE])
                self.begun = True
        self.begun = self.finished = True

    def drop(self) -> None:
        """Nobody waits for this any more: what is still to be written, is not. (A transport that is closed
        in good order writes first, which lasts for ever where nobody reads.)
        """
        if self._transport is not None:
            self._transport.abort()


def headers_of(request: Request) -> CIMultiDict[str]:
    """The header fields for aiohttp, in order, those of the connection left out; length as the body is.

    aiohttp writes text as UTF-8; ours holds bytes as latin-1. Values that are UTF-8 come out byte for byte.
    """
    kept: CIMultiDict[str] = CIMultiDict()
    spelled: dict[str, str] = {}
    for name, value in request.headers:
        lower = name.lower()
        if lower not in OWN:
            # A repeated name must be spelled as it was before, or aiohttp takes it for a replacement.
            kept.add(spelled.setdefault(lower, name), value if value.isascii() else _as_utf8(value))
    if request.body is not None:
        kept.add("Content-Length", str(len(request.body)))
    return kept


def _as_utf8(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


class BareRequest(aiohttp.ClientRequest):
    """aiohttp's request without what it adds by itself: no Accept, no Accept-Encoding, no User-Agent."""

    DEFAULT_HEADERS = {}  # noqa: RUF012 - as aiohttp declares it

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Nothing is said that was not asked for; a body has no type but the one in the list."""
        self._skip_auto_headers = NO_TYPE


NO_TYPE: CIMultiDict[None] = CIMultiDict({"Content-Type": None})


class HeldResponse(aiohttp.ClientResponse):
    """aiohttp's response, which remembers who read it: the protocol knows how the connection ended."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Wait for the head."""
        self.wire = connection.protocol
        return await super().start(connection)

    @property
    def broke(self) -> Exception | None:
        """What ended the connection, where the body lasts as long as that and it was not closed in good
        order. Of any other body aiohttp says so itself, and its connection may serve another call by now.
        """
        if self.wire is None or "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            return None
        error = self.wire.exception()
        return error if isinstance(error, OSError) else None
