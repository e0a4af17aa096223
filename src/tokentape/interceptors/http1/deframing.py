"""The incremental reader of one HTTP/1.1 reply, for tees that see raw bytes: what is head, body, framing?

It follows RFC 9112, sections 6 and 7, as leniently as clients do (bare LF, chunk extensions, folded fields),
looks only, and never fails: what is no HTTP is kept as it is in `torn`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tokentape.interceptors.http1.framing import has_no_body
from tokentape.interceptors.http1.torn import Torn

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.message import Headers

_STATUS_LINE = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?:[ \t]([^\r\n]*))?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_BLANK = re.compile(rb"\r?\n")


class Head(NamedTuple):
    """Status, reason, fields in wire order, and the version ("1.0", "1.1")."""

    status: int
    reason: str
    headers: Headers
    http: str


class Deframer:
    """Reads the reply to one `method` request; interim heads (1xx, but not 101) are skipped.

    `head` once it came; `complete` once the framing says that nothing is missing; `trailers` after that.
    `until_close`: only the end of the connection ends the body. `broken`: what came is no HTTP; whatever
    follows is ignored. `rest`: bytes after the end, which belong to the next reply.
    """

    def __init__(self, method: str) -> None:
        self.head: Head | None = None
        self.complete = False
        self.until_close = False
        self.broken = False
        self.trailers: Headers = ()
        self._method = method
        self._buffer = b""
        self._at = 0  # where in the buffer the steps stand: it is cut once a feed, not once a chunk
        self._left = 0
        self._size_line = b""
        self._some_of_chunk = False
        self._step: Callable[[list[bytes]], bool] = self._read_head

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of body in `data`, without framing; a chunk that came in parts gives its parts."""
        self._buffer += data
        pieces: list[bytes] = []
        while not self.broken and self._step(pieces):
            pass
        self._buffer, self._at = self._buffer[self._at :], 0
        return pieces

    @property
    def rest(self) -> bytes:
        """What came after the end of the reply."""
        return self._buffer if self.complete else b""

    @property
    def inside_chunk(self) -> bool:
        """True if the last piece is the first part of a chunk, whose other parts are still to come."""
        return self._some_of_chunk

    @property
    def missing(self) -> int:
        """Bytes that a Content-Length, or the chunk begun, still promises."""
        return self._left

    @property
    def torn(self) -> Torn:
        """Where the framing stands, for a connection that ends now."""
        if self.complete or self.until_close:
            return Torn()
        if self._some_of_chunk:
            return Torn(self._left + 2, self._buffer)
        return Torn(0, self._size_line + self._buffer)

    # The steps: each takes what it can from the buffer, and says whether the next one may go on.

    def _read_head(self, pieces: list[bytes]) -> bool:
        found = _HEAD_END.search(self._buffer, self._at)
        if found is None:
            self.broken = not _may_be_head(self._buffer[self._at : self._at + 5])
            return False
        head = _parsed(self._buffer[self._at : found.end()])
        if head is None:
            self.broken = True
            return False
        self._at = found.end()
        if 100 <= head.status < 200 and head.status != 101:
            return True
        self.head = head
        self._frame(head)
        return True

    def _frame(self, head: Head) -> None:
        fields = {name.lower(): value for name, value in reversed(head.headers)}
        length = fields.get("content-length", "").partition(",")[0].strip()
        if has_no_body(self._method, head.status):
            self._finish()
        elif "chunked" in fields.get("transfer-encoding", "").lower():
            self._step = self._read_size
        elif length.isascii() and length.isdigit():
            self._left = int(length)
            self._step = self._read_length
        else:
            self.until_close = True
            self._step = self._read_all

    def _read_length(self, pieces: list[bytes]) -> bool:
        self._take(pieces)
        if self._left == 0:
            self._finish()
        return False

    def _read_size(self, pieces: list[bytes]) -> bool:
        found = _SIZE.match(self._buffer, self._at)
        if found is None:
            self.broken = self._buffer.find(b"\n", self._at) >= 0
            return False
        size, start = int(found[1], 16), found.end()
        if size == 0:
            self._step = self._read_trailers
            return True
        end = start + size
        if self._buffer[end : end + 2] == b"\r\n":  # all of it is here, as nearly always
            pieces.append(self._buffer[start:end])
            self._at = end + 2
            return self._at < len(self._buffer)
        self._left, self._size_line, self._at = size, found[0], start
        self._step = self._read_chunk
        return True

    def _read_chunk(self, pieces: list[bytes]) -> bool:
        if self._take(pieces):
            self._some_of_chunk, self._size_line = True, b""
        if self._left == 0 and (found := _BLANK.match(self._buffer, self._at)):
            self._at = found.end()
            self._some_of_chunk = False
            self._step = self._read_size
            return True
        self.broken = self._left == 0 and self._buffer[self._at : self._at + 2] not in (b"", b"\r")
        return False

    def _read_trailers(self, pieces: list[bytes]) -> bool:
        """The last chunk stays in the buffer until the empty line is there."""
        last = _SIZE.match(self._buffer, self._at)
        if last is None:
            return False
        end = _BLANK.match(self._buffer, last.end()) or _HEAD_END.search(self._buffer, last.end())
        if end is None:
            return False
        self.trailers = _fields(self._buffer[last.end() : end.end()])
        self._at = end.end()
        self._finish()
        return False

    def _read_all(self, pieces: list[bytes]) -> bool:
        if piece := self._buffer[self._at :]:
            pieces.append(piece)
            self._at = len(self._buffer)
        return False

    def _done(self, pieces: list[bytes]) -> bool:
        return False

    def _take(self, pieces: list[bytes]) -> bool:
        piece = self._buffer[self._at : self._at + self._left]
        if not piece:
            return False
        self._at += len(piece)
        self._left -= len(piece)
        pieces.append(piece)
        return True

    def _finish(self) -> None:
        self.complete = True
        self._step = self._done


def _may_be_head(start: bytes) -> bool:
    return b"HTTP/".startswith(start[:5])


def _parsed(raw: bytes) -> Head | None:
    line = _STATUS_LINE.match(raw)
    if line is None:
        return None
    reason = (line[3] or b"").decode("latin-1").strip(" \t")
    http = line[1].decode("ascii")
    return Head(int(line[2]), reason, _fields(raw[line.end() :]), http if "." in http else f"{http}.0")


def _fields(raw: bytes) -> Headers:
    """Header fields; a folded line continues the one before it (RFC 9112, section 5.2)."""
    fields: list[tuple[str, str]] = []
    for line in raw.decode("latin-1").replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t") and fields:
            name, value = fields.pop()
            fields.append((name, f"{value} {line.strip()}".strip()))
        elif ":" in line:
            name, _, value = line.partition(":")
            fields.append((name.rstrip(" \t"), value.strip(" \t")))
    return tuple(fields)
