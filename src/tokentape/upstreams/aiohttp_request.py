"""A request on a connection of aiohttp's: the header fields as they were given, the body as it was given, and
nothing else.

aiohttp's own requests add what it likes to say about itself, and describe bodies; here the list is the truth.
What belongs to the connection and not to the message (RFC 9110, 7.6.1), and how the body is framed, is said
by who holds the connection.
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError
from aiohttp.http_writer import StreamWriter

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.http import RawResponseMessage

    from tokentape.wire.message import Request

SLICE = 0x10000
"""Bytes of a body that are written between two looks at whether the other side still reads."""

OWN = frozenset({"connection", "content-length", "expect", "keep-alive", "proxy-connection", "te"}) | {
    "transfer-encoding",
    "upgrade",
}
"""Header fields that are said anew on each connection."""

LARGEST_FIELD = 0x10000
"""Bytes of one header field, and of the status line, of a reply."""

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose requests mostly have no body, so that no length says so (RFC 9110, 8.6)."""

_NO_TARGET = re.compile(r"[\x00-\x20\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LONGEST_NAME = 64


def head_of(request: Request, target: str, host: str) -> bytes:
    """The head, byte for byte as the list says. Raises `ValueError` for a method, a target, a name or a value
    that would break its line, or mean something else on it.
    """
    if _NO_TARGET.search(target):
        raise ValueError("its target holds a space or a control character")
    _known_lower(request.method)
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    for name, value in request.headers:
        lower = _lower(name) if len(name) > _LONGEST_NAME else _known_lower(name)
        if lower == "host":
            lines[1] = f"{name}: {value}"
        elif lower not in OWN:
            lines.append(f"{name}: {value}")
    if request.body is not None or request.method not in _BODILESS:
        lines.append(f"Content-Length: {len(request.body or b'')}")
    lines += ("", "")
    text, ends = "\r\n".join(lines), len(lines) - 1
    if text.count("\r") != ends or text.count("\n") != ends or "\0" in text:
        raise ValueError("a header field breaks its line")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return b"\r\n".join(map(_bytes, lines))


def _lower(name: str) -> str:
    """A name in lower case. Raises `ValueError` for what is no token (RFC 9110, 5.6.2): some servers read
    `transfer-encoding :` as if the space were not there.
    """
    if _TOKEN.fullmatch(name) is None:
        raise ValueError("a name or the method is no token")
    return name.lower()


_known_lower = lru_cache(maxsize=1_024)(_lower)
"""The same few names come with every request."""


def _bytes(line: str) -> bytes:
    """Text that holds bytes as latin-1 gives them; other text is UTF-8."""
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode()


class Protocol(ResponseHandler):
    """aiohttp's, which tells whoever reads a body what broke the protocol within it. (Its parser has let go
    of the body by then, and the reader would wait until a deadline.)
    """

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """The connection is of no more use."""
        payload = self._payload
        super().set_exception(exc, *(() if exc_cause is None else (exc_cause,)))
        if isinstance(exc, HttpProcessingError) and payload is not None and not payload.is_eof():
            payload.set_exception(aiohttp.ClientPayloadError(str(exc)))


class Wire:
    """A connection that is held for one request and its reply; it is one of `held` until it is closed.
    `begun`: bytes were handed to the socket.
    """

    def __init__(self, connection: Connection, held: set[Wire]) -> None:
        protocol = connection.protocol
        assert protocol is not None
        self._held = held
        held.add(self)
        self._connection: Connection | None = connection
        self._protocol = protocol
        self._writing: asyncio.Task[None] | None = None
        self._content: aiohttp.StreamReader | None = None
        self.begun = False

    @property
    def is_usable(self) -> bool:
        """False for a connection that ended while it was idle, or on which something came that nobody had
        asked for: the next reply on it would be somebody else's.
        """
        return self._protocol.is_connected() and not self._protocol.should_close

    def write(self, head: bytes, body: bytes, *, is_answered_with_body: bool = True) -> None:
        """Send. A large body goes on being sent while the reply is waited for: a refusal may come first."""
        protocol = self._protocol
        transport = protocol.transport
        assert transport is not None
        protocol.set_response_params(
            skip_payload=not is_answered_with_body,
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=LARGEST_FIELD,
            max_field_size=LARGEST_FIELD,
        )
        self.begun = True
        if len(body) <= SLICE:
            transport.write(head + body)
        else:
            transport.write(head)
            self._writing = asyncio.create_task(self._written(memoryview(body)))

    async def _written(self, body: memoryview) -> None:
        protocol = self._protocol
        writer = StreamWriter(protocol, asyncio.get_running_loop())
        try:
            for start in range(0, len(body), SLICE):
                await writer.write(body[start : start + SLICE])
                await writer.drain()
        except (OSError, aiohttp.ClientError) as error:
            protocol.set_exception(error)  # who waits for the reply hears of it

    async def reply(self) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
        """The head of the reply, and its body to be read. Raises what aiohttp raises."""
        message, content = await self._protocol.read()
        while 100 <= message.code < 200 and message.code != 101:
            message, content = await self._protocol.read()
        self._content = content
        return message, content

    def ended_by(self) -> OSError | None:
        """What ended the connection, where that was not in good order."""
        error = self._protocol.exception()
        return error if isinstance(error, OSError) else None

    def close(self, *, is_whole: bool = False) -> None:
        """Give the connection back if the reply was read to its end, else drop it. What is still to be
        written, is not: a transport that is closed in good order writes first, for ever where nobody reads.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._held.discard(self)
        writing, transport = self._writing, self._protocol.transport
        if is_whole and (writing is None or writing.done()):
            connection.release()
            return
        if writing is not None:
            writing.cancel()
        if transport is not None:
            transport.abort()
        connection.close()

    def drop(self, error: Exception) -> None:
        """Close it while somebody waits for the reply, who hears why."""
        self._protocol.set_exception(error)
        if self._content is not None and not self._content.is_eof():
            self._content.set_exception(error)
        self.close()
