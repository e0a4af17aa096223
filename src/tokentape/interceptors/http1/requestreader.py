"""A request put together from the bytes that an HTTP/1.1 client sends, and whether it is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.interceptors.http1.deframing import Deframer
from tokentape.wire.message import Headers, Request, header

if TYPE_CHECKING:
    from collections.abc import Callable

_END = b"\r\n\r\n"
_LIKE_A_REPLY = b"HTTP/1.1 200 OK\r\n"


class RequestReader:
    """Collects what is sent. `raw` is all of it, as it has to go out.

    A request's body is framed like a reply's, except that one without framing has none: so a `Deframer`
    reads it, under a status line of our own.
    """

    def __init__(self) -> None:
        self._sent: list[bytes] = []
        self._head = b""
        self._line = b""
        self._rest: Deframer | None = None
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """More was sent."""
        self._sent.append(data)
        if self._rest is not None:
            self._pieces += self._rest.feed(data)
            return
        self._head += data
        if _END in self._head:
            self._line, _, fields = self._head.partition(b"\r\n")
            self._rest = Deframer("POST")
            self._pieces = self._rest.feed(_LIKE_A_REPLY + fields)

    @property
    def has_begun(self) -> bool:
        """True once something was sent."""
        return bool(self._sent)

    @property
    def raw(self) -> bytes:
        """Everything that was sent."""
        return b"".join(self._sent)

    @property
    def complete(self) -> bool:
        """True once the framing says that nothing more will be sent."""
        return self._rest is not None and (self._rest.complete or self._rest.until_close)

    @property
    def waits_for_continue(self) -> bool:
        """True if the client asked the server for leave to send the body (RFC 9110, section 10.1.1)."""
        return (header(self.headers, "expect") or "").lower() == "100-continue" and not self.complete

    @property
    def headers(self) -> Headers:
        """The fields, as sent; none while the head is not complete."""
        return self._rest.head.headers if self._rest is not None and self._rest.head is not None else ()

    def request(self, url_of: Callable[[str], str]) -> Request:
        """The request; `url_of` makes the target absolute. Only when it is `complete`."""
        parts = self._line.decode("latin-1").split(" ")
        target = " ".join(parts[1:-1])
        framing = header(self.headers, "content-length") or header(self.headers, "transfer-encoding")
        body = b"".join(self._pieces) if framing is not None else None
        return Request(parts[0], url_of(target), self.headers, body, parts[-1].removeprefix("HTTP/"))
