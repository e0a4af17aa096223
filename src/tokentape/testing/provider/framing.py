"""HTTP/1.1 on the wire: requests read, heads and body pieces written (RFC 9112)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from tokentape.testing.provider.script import Framing, SendHead
from tokentape.wire.message import header

if TYPE_CHECKING:
    import socket

    from tokentape.wire.message import Headers

MAX_HEAD = 256 * 1024
CHUNKED = "chunked"


class BadRequest(Exception):
    """Bytes that are no HTTP/1.1 request, or a connection that ended inside one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as read: request target as sent, body with its framing taken off."""

    method: str
    target: str
    headers: Headers
    body: bytes | None
    http: str


class RequestReader:
    """Reads one request after the other from a connection; keeps what was read too far."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def read(self) -> Asked | None:
        """The next request; None if the connection ended between requests. Raises BadRequest."""
        head = self._head()
        if head is None:
            return None
        method, target, http, headers = parse_head(head)
        if (header(headers, "expect") or "").lower() == "100-continue":
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Asked(method, target, headers, self._body(headers), http)

    def _head(self) -> bytes | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise BadRequest("head too long")
            received = self._connection.recv(65536)
            if not received:
                if self._buffer:
                    raise BadRequest("ended inside a head")
                return None
            self._buffer += received
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return head

    def _body(self, headers: Headers) -> bytes | None:
        if CHUNKED in (header(headers, "transfer-encoding") or "").lower():
            return self._chunks()
        length = header(headers, "content-length")
        if length is None:
            return None
        if not length.isdigit():
            raise BadRequest("content-length is no number")
        return self._exactly(int(length))

    def _exactly(self, length: int) -> bytes:
        taken, self._buffer = self._buffer[:length], self._buffer[length:]
        return taken if len(taken) == length else self._filled(taken, length)

    def _filled(self, start: bytes, length: int) -> bytes:
        body = bytearray(length)
        body[: len(start)] = start
        have = len(start)
        with memoryview(body) as view:
            while have < length:
                received = self._connection.recv_into(view[have:])
                if not received:
                    raise BadRequest("ended inside a body")
                have += received
        return bytes(body)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            received = self._connection.recv(65536)
            if not received:
                raise BadRequest("ended inside a chunk")
            self._buffer += received
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _chunks(self) -> bytes:
        pieces = []
        try:
            while size := int(self._line().split(b";")[0], 16):
                pieces.append(self._exactly(size))
                self._line()
        except ValueError as error:
            raise BadRequest("chunk size is no number") from error
        while self._line():  # trailer fields of a request are read and dropped
            pass
        return b"".join(pieces)


def parse_head(head: bytes) -> tuple[str, str, str, Headers]:
    """Method, target, version and header fields of a request head without its blank line."""
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest("no request line")
    fields = [line.partition(":") for line in lines]
    if not all(colon for _, colon, _ in fields):
        raise BadRequest("a header line without a colon")
    headers = tuple((name, value.strip(" \t")) for name, _, value in fields)
    return parts[0], parts[1], parts[2][5:], headers


def reason_of(status: int) -> str:
    """The registered reason phrase; empty for a status without one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def has_no_body(method: str, status: int) -> bool:
    """Replies that end with their head (RFC 9112, section 6.3, rule 1)."""
    return method == "HEAD" or status in (204, 304) or 100 <= status < 200


def effective(head: SendHead) -> Framing:
    """The framing in force: `AS_GIVEN` read from the header fields."""
    if head.framing is not Framing.AS_GIVEN:
        return head.framing
    if CHUNKED in (header(head.headers, "transfer-encoding") or "").lower():
        return Framing.CHUNKED
    return Framing.CLOSE if header(head.headers, "content-length") is None else Framing.LENGTH


def head_bytes(head: SendHead, method: str, length: int, *, closing: bool = False) -> bytes:
    """The head on the wire. `length`: of the body, told where nothing else was asked for."""
    reason = reason_of(head.status) if head.reason is None else head.reason
    lines = [f"HTTP/{head.http} {head.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (*head.headers, *_framing_fields(head, method, length))]
    if closing and header(head.headers, "connection") is None and head.framing is not Framing.AS_GIVEN:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _framing_fields(head: SendHead, method: str, length: int) -> Headers:
    if has_no_body("", head.status) and head.length is None:
        return ()
    if head.framing is Framing.CHUNKED and header(head.headers, "transfer-encoding") is None:
        return (("transfer-encoding", CHUNKED),)
    if head.framing is Framing.LENGTH and header(head.headers, "content-length") is None:
        return (("content-length", str(length if head.length is None else head.length)),)
    return ()


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; no bytes for no data, since an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def last_chunk(trailers: Headers = ()) -> bytes:
    """The end of a chunked body, with its trailer fields."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    return b"0\r\n" + lines.encode("latin-1") + b"\r\n"
