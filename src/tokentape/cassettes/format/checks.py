"""Noticing edits by hand, cheaply: the `check` in a block's first line.

Its first eight digits are the CRC-32 of the request as it stands in the block. Where they do not fit,
somebody edited the request, and the `key` and `exact` beside them are not believed. Eight more follow where
the reply shows an event stream: the CRC-32 from the response to the timing. Where those fit, the stream's
bytes can be read off its lines (`sselines`) without parsing them. The timing is in neither, so a
recording made again moves one line. This is against accidents; it is no signature.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REQUEST = ',\n"request": '
RESPONSE = ',\n"response": '
TIMING = ',\n"timing": '
STREAM = '{"sse": ['

_CHECK = re.compile(r'"check": "([0-9a-f]{8})([0-9a-f]{8})?"')


def check_of(request: Iterable[str], response: Sequence[str], after: Iterable[str]) -> str:
    """The check of a block: of its request, and of the reply and what follows if that shows a stream."""
    check = f"{_sum(''.join(request)):08x}"
    return check + (f"{_sum(''.join([*response, *after])):08x}" if STREAM in response else "")


def is_unedited(block: str) -> bool:
    """True if the request is as it was written. A block without `check` was written by hand."""
    found, start, end = _stated(block), block.find(REQUEST), block.find(RESPONSE)
    if found is None or start < 0 or end < 0:
        return False
    return int(found[1], 16) == _sum(block[start + len(REQUEST) : end])


def is_stream_unedited(block: str) -> bool:
    """True if the reply shows an event stream and is as it was written."""
    found = _stated(block)
    if found is None or found[2] is None:
        return False
    start, end = block.find(RESPONSE), block.rfind(TIMING)
    return 0 <= start < end and int(found[2], 16) == _sum(block[start + len(RESPONSE) : end])


def _stated(block: str) -> re.Match[str] | None:
    return _CHECK.search(block, 0, block.find("\n") + 1)


def _sum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
