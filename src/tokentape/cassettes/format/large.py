"""Bodies too large to be shown piece by piece, as bytes from end to end.

The form is that of `body.show`, text or base64; but in 50 MB every copy costs as much as writing them, so
such a body never goes through a text, a form or the JSON parser on its way to the file and back.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.format.body import SHOWN_AT_MOST
from tokentape.cassettes.format.checks import REQUEST, RESPONSE
from tokentape.cassettes.format.coding import coding_of
from tokentape.cassettes.format.escapes import quoted_bytes
from tokentape.cassettes.format.styles import decode
from tokentape.cassettes.format.textform import bytes_of_base64, has_nul_near_start

if TYPE_CHECKING:
    from tokentape.wire.message import Request, Response

_OPENING = re.compile(rb',\n  "body": \{"(text|base64)": "')
_HEAD = 1 << 20
"""How far (bytes) into a message its body is looked for: beyond its headers."""

_ENDS = (b",", b"}")
"""What may follow the form on its line: another field, or the end of the message (its comma left out)."""

_CONTROLS = tuple(bytes((code,)) for code in range(32))
_REQUEST, _RESPONSE = REQUEST.encode(), RESPONSE.encode()


def written(message: Request | Response | None) -> list[bytes] | None:
    """The form of a message's body as it stands in the file, in pieces; None unless it is large and plain."""
    body = None if message is None else message.body
    if message is None or body is None or len(body) <= SHOWN_AT_MOST or coding_of(message.headers):
        return None
    text = None if has_nul_near_start(body) else quoted_bytes(body)
    if text is not None:
        return [b'{"text": ', text, b"}"]
    return [b'{"base64": "', b2a_base64(body, newline=False), b'"}']


class Cut(NamedTuple):
    """A block as text, its large bodies emptied, and what they were."""

    text: str
    sent: bytes | None = None
    came: bytes | None = None


def cut(data: bytes, start: int, end: int) -> Cut:
    """The block `data[start:end]` without its large bodies. What is not as we write it stays where it is."""
    if end - start <= SHOWN_AT_MOST:
        return Cut(data[start:end].decode())
    request = data.find(_REQUEST, start, end)
    reply = data.find(_RESPONSE, max(request, start), end)
    sent = _body(data, request, reply) if 0 <= request < reply else None
    came = _body(data, reply, end) if reply >= 0 else None
    pieces, at = [], start
    for body in (sent, came):
        if body is not None:
            pieces.append(data[at : body.start])
            at = body.end
    text = b"".join(pieces).decode() + str(memoryview(data)[at:end], "utf-8")
    return Cut(text, sent.value if sent else None, came.value if came else None)


class _Body(NamedTuple):
    """A body, and where its JSON string stands, without the quotes."""

    value: bytes
    start: int
    end: int


def _body(data: bytes, start: int, end: int) -> _Body | None:
    """The large body of the message `data[start:end]`, where it is its own: nothing at column 0 before it."""
    opening = _OPENING.search(data, start, min(end, start + _HEAD))
    if opening is None or data.find(b'\n"', start + 2, opening.start()) >= 0:
        return None
    first, line = opening.end(), data.find(b"\n", opening.end(), end)
    line = end if line < 0 else line
    last = data.rfind(b'"}', first, line)
    if last - first < SHOWN_AT_MOST or data[last + 2 : line] not in _ENDS:
        return None
    value = _decoded(data, first, last) if opening[1] == b"base64" else _unquoted(data, first, last)
    return None if value is None else _Body(value, first, last)


def _decoded(data: bytes, start: int, end: int) -> bytes | None:
    try:
        return bytes_of_base64(memoryview(data)[start:end])
    except ValueError:
        return None


def _unquoted(data: bytes, start: int, end: int) -> bytes | None:
    """The bytes of what stands in a JSON string; None if that is not one string."""
    if not any(data.find(sign, start, end) >= 0 for sign in (b"\\", b'"', *_CONTROLS)):
        return data[start:end]
    text = str(memoryview(data)[start - 1 : end + 1], "utf-8")
    try:
        value = decode(text)
        return value.encode() if isinstance(value, str) else None
    except ValueError:
        return None
