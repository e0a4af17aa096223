"""AWS event-stream messages, written from the format's description, for the provider alone.

A message: total length, header length, CRC of these two, headers, payload, CRC of everything before; all
numbers big-endian. A header: length and name, type 7 (string), length and value.
"""

from __future__ import annotations

import struct
import zlib

from tokentape.testing.provider.reading import compact

TYPE_STRING = 7


def frame(payload: bytes, **headers: str) -> bytes:
    """One message; `_` in a header's name stands for `-`, and each name gets its leading colon."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    start = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return start + struct.pack(">I", zlib.crc32(start))


def event(kind: str, payload: bytes) -> bytes:
    """An event of this type, with JSON in it."""
    return frame(payload, event_type=kind, content_type="application/json", message_type="event")


def exception(kind: str, message: str) -> bytes:
    """An exception inside a stream."""
    payload = compact({"message": message})
    return frame(payload, exception_type=kind, content_type="application/json", message_type="exception")


def _header(name: str, value: str) -> bytes:
    title, data = (":" + name.replace("_", "-")).encode(), value.encode()
    return bytes([len(title)]) + title + bytes([TYPE_STRING]) + struct.pack(">H", len(data)) + data
