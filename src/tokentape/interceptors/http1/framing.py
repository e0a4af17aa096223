"""A recorded reply as HTTP/1.1 wire bytes, for libraries that replay through their own parser.

Recordings hold bodies without framing, from whatever stack made them. Here the framing comes back, derived
from the headers (RFC 9112, section 6): a chunked reply gets one chunk per recorded piece, a Content-Length
that fits stays, a reply that ran until the connection closed does so again. What says nothing usable, such
as an HTTP/2 recording without a length, becomes chunked. Pure: no I/O and no library types.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING

from tokentape.interceptors.http1.torn import Torn, heard
from tokentape.outcomes import Data, Fail, Incomplete, Wait
from tokentape.wire.interaction import How
from tokentape.wire.message import without

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.outcomes import Answer, Served, Step
    from tokentape.wire.message import Headers

ENDS_EARLY = frozenset({How.CUT, How.PROTOCOL_ERROR})
"""Faults that a socket shows as its end: the library finds out by itself that something is missing."""

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]+")


class Framing(Enum):
    """How the end of a body is told."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    CLOSE = auto()


def framed(method: str, answer: Answer, served: Served) -> Iterator[bytes | Wait | Fail | Incomplete]:
    """The reply to a `method` request: its head, its pieces, its end; a fault where the recording has one.

    Nothing follows a `Fail` or `Incomplete`. At a fault of `ENDS_EARLY` the connection ends, at any other the
    client's read fails. A reply framed by `Framing.CLOSE` ends when the iterator does. Pieces come as
    `served` gives them, so a read past the recorded end is reported when it happens.
    """
    framing = framing_of(method, answer.status, answer.http, served)
    yield head_bytes(answer, _fitted(served, framing))
    if framing is not Framing.NONE:
        yield from _body(served, framing is Framing.CHUNKED, answer.trailers)


def framing_of(method: str, status: int, http: str, served: Served) -> Framing:
    """How the body of this reply is to be framed."""
    if has_no_body(method, status):
        return Framing.NONE
    if "chunked" in ",".join(_values(served.headers, "transfer-encoding")).lower():
        return Framing.CHUNKED
    if _values(served.headers, "content-length"):
        return Framing.LENGTH if _can_tell_length(served) else Framing.CHUNKED
    return Framing.CLOSE if http.startswith("1") and not _ends_early(served) else Framing.CHUNKED


def has_no_body(method: str, status: int) -> bool:
    """Replies that end with their head (RFC 9112, section 6.3, rules 1 and 2)."""
    tunnels = method.upper() == "CONNECT" and 200 <= status < 300
    return method.upper() == "HEAD" or status in (204, 304) or 100 <= status < 200 or tunnels


def head_bytes(answer: Answer, headers: Headers) -> bytes:
    """The status line, the fields and the empty line."""
    version = answer.http if answer.http.startswith("1.") else "1.1"
    reason = answer.reason or ("" if answer.http.startswith("1") else _phrase(answer.status))
    lines = [f"HTTP/{version} {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return b"".join(_octets(line) + b"\r\n" for line in lines) + b"\r\n"


def _fitted(served: Served, framing: Framing) -> Headers:
    """The recorded fields; those that tell the framing, only if they tell this one."""
    headers = served.headers
    if framing is Framing.LENGTH:
        return _with_length(without(headers, "transfer-encoding"), served)
    if framing is Framing.CHUNKED:
        bare = without(headers, "content-length")
        named = _values(headers, "transfer-encoding")
        return bare if named else (*bare, ("Transfer-Encoding", "chunked"))
    return headers


def _with_length(headers: Headers, served: Served) -> Headers:
    """A whole reply has the length it has, whatever an edited file says; of a torn one more was promised."""
    size = _size(served)
    if _stops(served) or _promised(served) == size:
        return headers
    return tuple((name, str(size) if name.lower() == "content-length" else value) for name, value in headers)


def _can_tell_length(served: Served) -> bool:
    """False where a reply stopped, but its Content-Length would make it look whole."""
    if not _stops(served):
        return True
    promised = _promised(served)
    return promised is not None and promised > _size(served)


def _body(served: Served, chunked: bool, trailers: Headers) -> Iterator[bytes | Wait | Fail | Incomplete]:
    torn = _torn(served)
    last = sum(isinstance(step, Data) for step in served.steps)
    for step in served:
        if isinstance(step, Data):
            last -= 1
            if step.data:
                yield _chunk(step.data, 0 if last else torn.owed) if chunked else step.data
        elif isinstance(step, Fail):
            if torn.tail and chunked:
                yield torn.tail
            yield step
            return
        else:
            yield step
            if isinstance(step, Incomplete):
                return
    if chunked:
        yield b"0\r\n" + b"".join(_octets(f"{name}: {value}") + b"\r\n" for name, value in trailers) + b"\r\n"


def _chunk(data: bytes, owed: int) -> bytes:
    """One chunk; one that owes bytes is announced as it was. The last two bytes owed are its line end."""
    return b"%x\r\n%b%b" % (len(data) + max(0, owed - 2), data, b"\r\n"[: max(0, 2 - owed)])


def _end(served: Served) -> Step | None:
    return served.steps[-1] if served.steps else None


def _stops(served: Served) -> bool:
    return isinstance(_end(served), (Fail, Incomplete))


def _ends_early(served: Served) -> bool:
    end = _end(served)
    return isinstance(end, Fail) and end.how in ENDS_EARLY


def _torn(served: Served) -> Torn:
    end = _end(served)
    return heard(end.error.message)[1] if isinstance(end, Fail) and end.error else Torn()


def _size(served: Served) -> int:
    return sum(len(step.data) for step in served.steps if isinstance(step, Data))


def _promised(served: Served) -> int | None:
    """The Content-Length; None if it is no number, or said twice and differently."""
    told = {part.strip() for value in _values(served.headers, "content-length") for part in value.split(",")}
    length = told.pop() if len(told) == 1 else ""
    return int(length) if length.isascii() and length.isdigit() else None


def _values(headers: Headers, wanted: str) -> list[str]:
    return [value for name, value in headers if name.lower() == wanted]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _octets(line: str) -> bytes:
    """A line of a head without line ends inside: an edited file cannot add fields of its own."""
    clean = _CONTROL.sub(" ", line)
    try:
        return clean.encode("latin-1")
    except UnicodeEncodeError:
        return clean.encode("utf-8", "replace")
