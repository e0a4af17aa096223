"""A request and a response as they went over the wire: pure data, nothing decoded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Iterable

Headers = tuple[tuple[str, str], ...]
"""Header fields in wire order, repeats and case kept. Bytes are read as latin-1, so none is lost."""


def headers_from_raw(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Header fields from the byte pairs most libraries keep."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw])


def headers_to_raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The byte pairs again: exact inverse of `headers_from_raw`."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def value_of(text: str) -> str:
    """A field's value for text that somebody wrote: UTF-8 goes over the wire."""
    return text if text.isascii() else text.encode().decode("latin-1")


def header(headers: Headers, name: str) -> str | None:
    """The first field called `name` (any case), or None."""
    wanted = name.lower()
    size = len(wanted)
    for field, value in headers:
        if field == wanted or (len(field) == size and field.lower() == wanted):
            return value
    return None


def without(headers: Headers, *names: str) -> Headers:
    """The fields whose name (any case) is not among `names`."""
    dropped = {name.lower() for name in names}
    return tuple([field for field in headers if field[0].lower() not in dropped])


@quick
@dataclass(frozen=True, slots=True)
class Request:
    """One request. `body` is None where none was sent; `b""` is a body of no bytes."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    http: str = "1.1"

    def header(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        return header(self.headers, name)

    def with_headers(self, headers: Headers) -> Request:
        """The same request with these fields."""
        return Request(self.method, self.url, headers, self.body, self.http)


@dataclass(frozen=True, slots=True)
class Response:
    """One response: head, body as received (still compressed), and where its chunks ended.

    `chunks` are byte lengths and add up to `len(body)`. `body` is None where the reply can have
    none (HEAD, 204, 304). `decoded` is the body without its Content-Encoding, known only where
    it was read from a file that shows it; it serves clients that lack the codec.
    """

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes | None = None
    chunks: tuple[int, ...] = ()
    trailers: Headers = ()
    http: str = "1.1"
    decoded: bytes | None = None

    def header(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        return header(self.headers, name)

    def pieces(self) -> list[bytes]:
        """The body in the chunks in which it arrived."""
        body = self.body
        if body is None:
            return []
        if len(self.chunks) == 1:
            return [body]
        ends = [0, *accumulate(self.chunks)]
        return [body[start:end] for start, end in pairwise(ends)]
