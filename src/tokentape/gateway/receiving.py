"""From an ASGI connection to a request as it stood on the wire, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from tokentape.gateway.deadlines import Within
from tokentape.gateway.outlet import ClientGone
from tokentape.wire.message import Request, header, headers_from_raw

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from tokentape.wire.message import Headers

    Receive = Callable[[], Awaitable["Message"]]
    Send = Callable[[Mapping[str, object]], Awaitable[None]]


class Scope(TypedDict, total=False):
    """What ASGI says of a connection (version 3.0 of its specification), as far as it is looked at."""

    type: str
    method: str
    scheme: str
    path: str
    raw_path: bytes | None
    query_string: bytes
    headers: Iterable[tuple[bytes, bytes]]
    client: tuple[str, int] | None


class Message(TypedDict, total=False):
    """What comes over it."""

    type: str
    body: bytes
    more_body: bool
    text: str | None
    bytes: bytes | None


class Refused(Exception):
    """A request that is not taken: status, and one line that says why."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(message)


def headers_of(scope: Scope) -> Headers:
    """The header fields, in order."""
    return headers_from_raw(scope["headers"])


def raw_path_of(scope: Scope) -> str:
    """The path as it was sent, escapes and all."""
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else scope["path"]
    return path.partition("?")[0]


def request_of(scope: Scope, headers: Headers, path: str, body: bytes | None) -> Request:
    """The request: its URL is the one the client used, without our prefixes."""
    query = scope.get("query_string", b"").decode("latin-1")
    host = header(headers, "host") or "localhost"
    url = f"{scope.get('scheme', 'http')}://{host}{path}"
    return Request(scope["method"], f"{url}?{query}" if query else url, headers, body)


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
                whole = message.get("body", b"")
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
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise Refused(413, f"the body is longer than {most} bytes")
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()
