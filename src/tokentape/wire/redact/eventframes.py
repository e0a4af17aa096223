"""Secrets in AWS event-streams: payloads redacted at equal length, checksums made anew.

A message is: total length, header length, CRC of those eight bytes (4 bytes each, big-endian), the
headers, the payload, CRC of all before it. Lengths do not change, so only the last CRC does.
Payloads of `invoke-with-response-stream` wrap JSON in base64; that is looked into as well.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import TYPE_CHECKING, NamedTuple

from tokentape.wire.redact import streams
from tokentape.wire.redact.hits import Hit, cover

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.wire.redact.search import Search

_WRAPPED_RE = re.compile(rb"\"bytes\"\s*+:\s*+\"([A-Za-z0-9+/=]*+)\"")
_FRAME = 16


class Span(NamedTuple):
    """Where in the body a payload stands, or the base64 text inside it."""

    start: int
    end: int
    wrapped: bool


def messages(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Start, payload start and end of every whole message. Stops where the framing ends."""
    at = 0
    while at + _FRAME <= len(body):
        total, head = struct.unpack_from(">II", body, at)
        if not _FRAME + head <= total <= len(body) - at:
            return
        yield at, at + 12 + head, at + total
        at += total


def payloads(body: bytes) -> list[tuple[Span, bytes]]:
    """Every payload, unwrapped where it is base64 in JSON, and where it stands."""
    found: list[tuple[Span, bytes]] = []
    for _, start, end in messages(body):
        payload = body[start : end - 4]
        inner = _WRAPPED_RE.search(payload)
        plain = _decoded(inner[1]) if inner else None
        if inner is None or plain is None:
            found.append((Span(start, end - 4, False), payload))
        else:
            found.append((Span(start + inner.start(1), start + inner.end(1), True), plain))
    return found


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def redact(body: bytes, search: Search) -> tuple[bytes, list[Hit]]:
    """The body with its payloads redacted and all checksums right again."""
    spans = payloads(body)
    events, found = streams.redact([payload for _, payload in spans], search.text)
    changed = bytearray(body)
    for (span, before), event in zip(spans, events, strict=True):
        hits = search.json(event)
        found += hits
        after = cover(event, hits)
        if after != before:
            changed[span.start : span.end] = base64.b64encode(after) if span.wrapped else after
    loose = search.loud(bytes(changed))
    if not (found or loose):
        return body, []
    return _sealed(bytearray(cover(bytes(changed), loose))), found + loose


def _sealed(body: bytearray) -> bytes:
    """`body` with the last checksum of every message computed anew."""
    for start, _, end in messages(bytes(body)):
        struct.pack_into(">I", body, end - 4, binascii.crc32(memoryview(body)[start : end - 4]))
    return bytes(body)


def texts(body: bytes) -> Sequence[bytes]:
    """The payloads alone, for the final scan."""
    return [payload for _, payload in payloads(body)]
