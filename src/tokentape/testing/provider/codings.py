"""Content codings, piece by piece, so that a coded stream still arrives event by event."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Coder(Protocol):
    """What zlib's, brotli's and zstandard's compressors have in common once wrapped."""

    def piece(self, data: bytes) -> bytes:
        """The coded bytes of this piece, all of them."""
        ...

    def end(self) -> bytes:
        """What closes the coding."""
        ...


class Zlib:
    """gzip (wbits 31), deflate as specified (15) and as some servers send it (-15)."""

    def __init__(self, wbits: int) -> None:
        self._compressor = zlib.compressobj(wbits=wbits)

    def piece(self, data: bytes) -> bytes:
        """Ends at a byte boundary (sync flush)."""
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        """The final block and the checksum."""
        return self._compressor.flush()


class Brotli:
    """br; needs the `brotli` package."""

    def __init__(self) -> None:
        self._compressor = import_module("brotli").Compressor()

    def piece(self, data: bytes) -> bytes:
        """Flushed."""
        coded: bytes = self._compressor.process(data) + self._compressor.flush()
        return coded

    def end(self) -> bytes:
        """The last meta-block."""
        ended: bytes = self._compressor.finish()
        return ended


class Zstd:
    """zstd; needs the `zstandard` package."""

    def __init__(self) -> None:
        zstandard = import_module("zstandard")
        self._compressor = zstandard.ZstdCompressor().compressobj()
        self._flush_block = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def piece(self, data: bytes) -> bytes:
        """Ends with a block."""
        coded: bytes = self._compressor.compress(data) + self._compressor.flush(self._flush_block)
        return coded

    def end(self) -> bytes:
        """The end of the frame."""
        ended: bytes = self._compressor.flush()
        return ended


CODERS: dict[str, Callable[[], Coder]] = {
    "gzip": lambda: Zlib(31),
    "deflate": lambda: Zlib(15),
    "raw-deflate": lambda: Zlib(-15),
    "br": Brotli,
    "zstd": Zstd,
}


def code(pieces: Sequence[bytes], encoding: str) -> list[bytes]:
    """As many pieces, coded; the last one ends the coding. ValueError for an unknown coding."""
    if encoding not in CODERS:
        raise ValueError(f"unknown coding {encoding!r}; known: {', '.join(CODERS)}")
    coder = CODERS[encoding]()
    coded = [coder.piece(data) for data in pieces] or [b""]
    coded[-1] += coder.end()
    return coded
