"""Noticing edits by hand, cheaply: the `check` in a block's first line.

Its first eight digits are the CRC-32 of the request as it stands in the block. Where they do not fit,
somebody edited the request, and the `key` and `exact` beside them are not believed. The other eight are
the CRC-32 from the response to the timing. Where those fit, the reply stands as we wrote it: nothing in
it needs to be looked at twice (`answer`), and the bytes of a stream can be read off its lines without
parsing them (`sselines`). A huge reply has none: summing it costs more than looking at it. The timing is
in neither, so a recording made again moves one line. This is against accidents; it is no signature.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUEST = ',\n"request": '
RESPONSE = ',\n"response": '
TIMING = ',\n"timing": '

FIXED = "id:"
"""Keys that start so were given by the program (`key="weather"`); the request has no part in them."""

_HUGE = 4 << 20
_CHECK = re.compile(r'"check": "([0-9a-f]{8})([0-9a-f]{8})?"')
_CHECK_BYTES = re.compile(_CHECK.pattern.encode())
_REQUEST, _RESPONSE, _TIMING = REQUEST.encode(), RESPONSE.encode(), TIMING.encode()


def check_of(request: Iterable[bytes], response: Iterable[bytes], after: bytes) -> str:
    """The check of a block: of its request, and of the reply with what follows it."""
    reply = [*response, after]
    return f"{_sum(request):08x}" + (f"{_sum(reply):08x}" if sum(map(len, reply)) <= _HUGE else "")


def is_unedited(data: bytes, start: int, end: int) -> bool:
    """True if the request of the block `data[start:end]` is as it was written.

    A block without `check` was written by hand.
    """
    found = _stated(data, start, end)
    request, reply = data.find(_REQUEST, start, end), data.find(_RESPONSE, start, end)
    if found is None or request < 0 or reply < 0:
        return False
    return int(found[1], 16) == crc32(memoryview(data)[request + len(_REQUEST) : reply])


def believed(key: str, exact: str | None, *, fits: bool) -> tuple[str, str | None]:
    """The hints that hold: all where the check fits, else none that derives from the request."""
    return (key, exact) if fits else (key if key.startswith(FIXED) else "", None)


def untouched_reply(data: bytes, start: int, end: int) -> int:
    """Where the response of the block `data[start:end]` begins; -1 if it or the request was edited."""
    found = _stated(data, start, end)
    request = data.find(_REQUEST, start, end)
    reply = data.find(_RESPONSE, request, end)
    timing = data.rfind(_TIMING, start, end)
    if found is None or found[2] is None or not 0 <= request < reply < timing:
        return -1
    text = memoryview(data)
    if int(found[1], 16) != crc32(text[request + len(_REQUEST) : reply]):
        return -1
    return reply if int(found[2], 16) == crc32(text[reply + len(_RESPONSE) : timing]) else -1


def is_reply_unedited(block: str) -> bool:
    """True if the reply, and how it ended, is as it was written."""
    found = _CHECK.search(block, 0, block.find("\n") + 1)
    if found is None or found[2] is None:
        return False
    start, end = block.find(RESPONSE), block.rfind(TIMING)
    return 0 <= start < end and int(found[2], 16) == crc32(block[start + len(RESPONSE) : end].encode())


def _stated(data: bytes, start: int, end: int) -> re.Match[bytes] | None:
    return _CHECK_BYTES.search(data, start, data.find(b"\n", start, end) + 1)


def _sum(pieces: Iterable[bytes]) -> int:
    total = 0
    for piece in pieces:
        total = crc32(piece, total)
    return total
