"""From an ASGI connection to a request as it stood on the wire, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tokentape.gateway.deadlines import Within
from tokentape.gateway.outlet import ClientGone
from tokentape.wire.message import Request, header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from tokentape.wire.message import Headers

    Scope = MutableMapping[str, object]
    Message = MutableMapping[str, object]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]


class Refused(Exception):
    """A request that is not taken: status, and one line that says why."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


def headers_of(scope: Scope) -> Headers:
    """The header fields, in order."""
    raw = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])


def raw_path_of(scope: Scope) -> str:
    """The path as it was sent, escapes and all."""
    raw = cast("bytes | None", scope.get("raw_path"))
    path = raw.decode("latin-1") if raw else cast("str", scope["path"])
    return path.partition("?")[0]


def request_of(scope: Scope, headers: Headers, path: str, body: bytes | None) -> Request:
    """The request: its URL is the one the client used, without our prefixes."""
    query = cast("bytes", scope.get("query_string", b"")).decode("latin-1")
    host = header(headers, "host") or "localhost"
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    method = cast("str", scope["method"])
    return Request(method, f"{url}?{query}" if query else url, headers, body)


async def body_of(receive: Receive, headers: Headers, most: int, seconds: float | None) -> bytes | None:
    """The body; None where none was sent. Raises `Refused` for one that is too long or too slow, and
    `ClientGone`.
    """
    length = header(headers, "content-length")
    if length is not None and length.isdigit() and int(length) > most:
        raise Refused(413, f"the body has {length} bytes; at most {most} are taken")
    try:
        with Within(seconds):
            message = await receive()
            if (
                not message.get("more_body", False) and message["type"] == "http.request"
            ):  # as it mostly comes
                whole = cast("bytes", message.get("body", b""))
                if len(whole) > most:
                    raise Refused(413, f"the body is longer than {most} bytes")
                return whole if whole or length is not None else None
            return await _rest(message, receive, most)
    except TimeoutError:
        raise Refused(408, f"the body did not come within {seconds:g} seconds") from None


async def _rest(message: Message, receive: Receive, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = cast("bytes", message.get("body", b""))
        size += len(piece)
        if size > most:
            raise Refused(413, f"the body is longer than {most} bytes")
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()
