"""An aiohttp request as wire data, with its body in memory.

A body that is more than bytes (a file, an async generator, a form) is read by the library's own writer,
once, and the bytes take its place in the request: framing, headers and compression stay as they are. So an
upload is read before it is sent; a body that cannot be read fails as it does on a real connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from tokentape.wire.message import Request, header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import aiohttp
    from aiohttp.http_writer import StreamWriter

    from tokentape.interceptors.aiohttp.library import Library
    from tokentape.wire.message import Headers


class _Payload(Protocol):
    """What the library's payloads have in common. `write_with_length` since 3.12."""

    content_type: str
    headers: Mapping[str, str]

    async def write(self, writer: object) -> None: ...


class _Writer(Protocol):
    async def write(self, chunk: bytes) -> None: ...


class ReadPayload:
    """A body that was read: the same bytes each time. A mixin; the library's `Payload` comes with it.

    It closes what it was read from when the library closes it, and counts as used up where that does.
    """

    _autoclose = True
    _value: bytes
    _origin: object

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return len(self._value)

    @property
    def consumed(self) -> bool:
        """As the body that was read: the library follows no redirect with a body that cannot come twice."""
        return bool(getattr(self._origin, "consumed", False))

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The bytes as text."""
        return self._value.decode(encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The bytes."""
        return self._value

    async def write(self, writer: _Writer) -> None:
        """Send the bytes."""
        await writer.write(self._value)

    async def write_with_length(self, writer: _Writer, content_length: int | None) -> None:
        """Send at most so many."""
        await writer.write(self._value[:content_length])

    async def close(self) -> None:
        """Close what was read."""
        if hasattr(self._origin, "close"):
            await self._origin.close()


def asked(request: aiohttp.ClientRequest, force_close: bool, body: bytes | None) -> Request:
    """The request as wire data. No bytes count as a body only where the headers announce one."""
    headers = _headers(request, force_close)
    if (
        not body
        and header(headers, "content-length") is None
        and header(headers, "transfer-encoding") is None
    ):
        body = None
    version = request.version
    return Request(
        request.method,
        str(request.url.with_fragment(None)),
        headers,
        body,
        f"{version.major}.{version.minor}",
    )


def _headers(request: aiohttp.ClientRequest, force_close: bool) -> Headers:
    """The headers as they will be sent: encoded as UTF-8, with the two that are added at the last moment."""
    fields = [(name, value.encode().decode("latin-1")) for name, value in request.headers.items()]
    names = {name.lower() for name, _ in fields}
    wants_type = request.method in request.POST_METHODS and "Content-Type" not in request.skip_auto_headers
    if wants_type and "content-type" not in names:
        fields.append(("Content-Type", "application/octet-stream"))
    if force_close and "connection" not in names and request.version >= (1, 1):
        fields.append(("Connection", "close"))
    return tuple(fields)


def is_unread(library: Library, request: aiohttp.ClientRequest) -> bool:
    """True if the body is not in memory, so that looking at it means reading it."""
    return not isinstance(request.body, (bytes, bytearray, tuple, library.module.payload.BytesPayload))


async def read_body(library: Library, request: aiohttp.ClientRequest) -> bytes:
    """The body as it goes over the wire, without its framing. The request can be sent afterwards.

    Raises the library's `ClientOSError` or `ClientConnectionError` for a body that cannot be read.
    """
    body: object = request.body
    if isinstance(body, library.module.payload.Payload):
        data = await _loaded(library, request, cast("_Payload", body))
        _replace(library, request, cast("_Payload", body), data)
    else:
        data = (
            bytes(body) if isinstance(body, (bytes, bytearray)) else b"".join(cast("Iterable[bytes]", body))
        )
    if not request.compress or not data:
        return data
    writer, sink = _writer(library)
    writer.enable_compression(str(request.compress))
    await writer.write(data)
    await writer.write_eof()
    return sink.written()


async def _loaded(library: Library, request: aiohttp.ClientRequest, body: _Payload) -> bytes:
    writer, sink = _writer(library)
    try:
        if hasattr(body, "write_with_length"):
            await body.write_with_length(writer, request._get_content_length())
        else:
            await body.write(writer)
        await writer.write_eof()
    except OSError as error:
        raise library.module.ClientOSError(
            error.errno, f"Can not write request body for {request.url}"
        ) from error
    except Exception as error:  # the user's own body failed: aiohttp says it so, whatever it is
        raise library.module.ClientConnectionError(f"Failed to read the request body: {error!r}") from error
    return sink.written()


def _replace(library: Library, request: aiohttp.ClientRequest, body: _Payload, data: bytes) -> None:
    """Have the request send `data`, where sending `body` again would send something else, or nothing.

    `body` is a property since 3.12, whose setter would derive the framing anew.
    """
    if not is_unread(library, request):
        return
    read = library.payload(data, headers=body.headers, content_type=body.content_type)
    read._origin = body
    name = "_body" if isinstance(getattr(type(request), "body", None), property) else "body"
    setattr(request, name, read)


class _Sink(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def written(self) -> bytes:
        return b"".join(self._parts)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._parts.append(bytes(data))

    def is_closing(self) -> bool:
        return False


def _writer(library: Library) -> tuple[StreamWriter, _Sink]:
    """The library's own writer, and where it writes to."""
    loop, sink = asyncio.get_running_loop(), _Sink()
    protocol = library.module.base_protocol.BaseProtocol(loop)
    protocol.connection_made(sink)
    return library.module.http_writer.StreamWriter(protocol, loop), sink
