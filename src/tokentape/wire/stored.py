"""Write content codings without compressing: valid gzip, zlib, br and zstd around the plain bytes.

A body that was edited or redacted is encoded again when its cassette is opened, and has to come out
with the length the file states: on any machine, with any version of a codec, or none. Each of these
formats can carry stored blocks, so none of their compressors is needed.
"""

from __future__ import annotations

import zlib

_DEFLATE_BLOCK = 0xFFFF
_BROTLI_BLOCK = 1 << 16
_ZSTD_BLOCK = 1 << 17

# magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952, section 2.3)
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# magic; frame with an 8-byte content size, no checksum, a window of 128 KiB (RFC 8878, section 3.1.1)
_ZSTD_HEAD = b"\x28\xb5\x2f\xfd\xc0\x38"


def gzip_stored(body: bytes) -> bytes:
    """One gzip member (RFC 1952)."""
    tail = zlib.crc32(body).to_bytes(4, "little") + (len(body) & 0xFFFFFFFF).to_bytes(4, "little")
    return _GZIP_HEAD + deflate_stored(body) + tail


def zlib_stored(body: bytes) -> bytes:
    """What HTTP calls deflate: the zlib format (RFC 1950)."""
    return b"\x78\x01" + deflate_stored(body) + zlib.adler32(body).to_bytes(4, "big")


def deflate_stored(body: bytes) -> bytes:
    """Stored blocks (RFC 1951, section 3.2.4): last-block bit, length, its complement, the bytes."""
    parts: list[bytes] = []
    for start in range(0, len(body) or 1, _DEFLATE_BLOCK):
        block = body[start : start + _DEFLATE_BLOCK]
        last = start + _DEFLATE_BLOCK >= len(body)
        parts += (
            bytes([last]),
            len(block).to_bytes(2, "little"),
            (len(block) ^ 0xFFFF).to_bytes(2, "little"),
            block,
        )
    return b"".join(parts)


def brotli_stored(body: bytes) -> bytes:
    """Uncompressed meta-blocks (RFC 7932, section 9.2), bits from the lowest.

    Stream head: one 0 bit, a window of 64 KiB. Block: 0 (not last), 00 (a length of 16 bits), the
    length less one, 1 (uncompressed), padding to a byte. End: 1 (last), 1 (empty).
    """
    parts: list[bytes] = []
    head = 1  # bits of the stream head still to be written
    for start in range(0, len(body), _BROTLI_BLOCK):
        block = body[start : start + _BROTLI_BLOCK]
        parts += (((len(block) - 1) << 3 | 1 << 19) << head).to_bytes(3, "little"), block
        head = 0
    return b"".join((*parts, bytes([0b11 << head])))


def zstd_stored(body: bytes) -> bytes:
    """One frame of raw blocks (RFC 8878, section 3.1.1.2): size << 3, type 0 << 1, last-block bit."""
    parts = [_ZSTD_HEAD, len(body).to_bytes(8, "little")]
    for start in range(0, len(body) or 1, _ZSTD_BLOCK):
        block = body[start : start + _ZSTD_BLOCK]
        last = start + _ZSTD_BLOCK >= len(body)
        parts += (len(block) << 3 | last).to_bytes(3, "little"), block
    return b"".join(parts)
