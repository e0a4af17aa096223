"""A request on a connection of aiohttp's: the header fields as they were given, the body as it was given, and
nothing else.

aiohttp's own requests add what it likes to say about itself, and describe bodies; here the list is the truth.
What belongs to the connection and not to the message (RFC 9110, 7.6.1), and how the body is framed, is said
by who holds the connection.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import aiohttp
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


def head_of(request: Request, target: str, host: str) -> bytes:
    """The head, byte for byte as the list says. Raises `ValueError` for a field that breaks its line, and for
    a target that would.
    """
    if _NO_TARGET.search(target):
        raise ValueError("its target holds a space or a control character")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    for name, value in request.headers:
        lower = name.lower()
        if lower == "host":
            lines[1] = f"{name}: {value}"
        elif lower not in OWN:
            lines.append(f"{name}: {value}")
    if request.body is not None or request.method not in _BODILESS:
        lines.append(f"Content-Length: {len(request.body or b'')}")
    ends = len(lines) + 1
    text = "\r\n".join((*lines, "", ""))
    if text.count("\r") != ends or text.count("\n") != ends or "\0" in text:
        raise ValueError("a header field breaks its line")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


class Wire:
    """A connection that is held for one request and its reply. `begun`: bytes were handed to the socket."""

    def __init__(self, connection: Connection) -> None:
        protocol = connection.protocol
        assert protocol is not None
        self._connection: Connection | None = connection
        self._protocol = protocol
        self._writing: asyncio.Task[None] | None = None
        self.begun = False

    def write(self, head: bytes, body: bytes, *, is_answered_with_body: bool = True) -> None:
        """Send. A large body goes on being sent while the reply is waited for: a refusal may come first.
        Raises `OSError` where the connection ended before.
        """
        protocol = self._protocol
        transport = protocol.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the connection ended before it was used")
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
        writing, transport = self._writing, self._protocol.transport
        if writing is not None and not writing.done():
            writing.cancel()
            if transport is not None:
                transport.abort()
        elif is_whole:
            connection.release()
            return
        connection.close()
