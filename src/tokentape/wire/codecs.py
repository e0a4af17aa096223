"""Content codings: gzip, deflate, br, zstd, stacked in any order.

The libraries for br and zstd are optional; where one is missing, its coding cannot be read here.
"""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tokentape.wire.stored import brotli_stored, gzip_stored, zlib_stored, zstd_stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

Decoded = tuple[bytes, bool]
"""What came out, and whether the coded data was complete."""


class CodingError(ValueError):
    """The bytes are not in the coding they were said to be in, or its codec is not installed."""


def codings(encoding: str) -> list[str]:
    """The names in a Content-Encoding value, lower case, in the order applied; identity left out."""
    names = (name.strip().lower() for name in encoding.split(","))
    return [name for name in names if name not in {"", "identity"}]


def decode_content(body: bytes, encoding: str, *, partial: bool = False) -> bytes | None:
    """The body without its codings, or None if it is not in them, is cut, or a codec is missing.

    `partial`: of a body that was cut, what can be decoded. An empty body has no coding to undo.
    """
    try:
        for name in reversed(codings(encoding)):
            body, complete = _decode(body, name)
            if not (complete or partial):
                return None
    except CodingError:
        return None
    return body


def encode_content(body: bytes, encoding: str) -> bytes | None:
    """The body in these codings, stored rather than compressed; None if one is unknown.

    The same bytes on every machine, whether or not the codec is installed (see `wire.stored`).
    """
    for name in codings(encoding):
        encode = _ENCODE.get(name)
        if encode is None:
            return None
        body = encode(body)
    return body


def _decode(body: bytes, name: str) -> Decoded:
    decode = _DECODE.get(name)
    if decode is None:
        raise CodingError(f"no such content coding: {name}")
    return decode(body) if body else (b"", True)


class _Inflater(Protocol):
    """What zlib, zstandard and compression.zstd offer to decode one member or frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _members(body: bytes, make: Callable[[], _Inflater], errors: tuple[type[Exception], ...]) -> Decoded:
    """Members or frames one after the other, as RFC 1952 and RFC 8878 allow; zeros may pad the end."""
    parts: list[bytes] = []
    complete = True
    while body.strip(b"\0") if parts else body:
        inflater = make()
        try:
            parts.append(inflater.decompress(body))
        except errors as error:
            raise CodingError(str(error)) from error
        complete = inflater.eof
        body = inflater.unused_data if complete else b""
    return b"".join(parts), complete


def _gunzip(body: bytes) -> Decoded:
    return _members(body, lambda: zlib.decompressobj(31), (zlib.error,))


def _inflate(body: bytes) -> Decoded:
    """The zlib format, or bare deflate data, which many servers send under the same name."""
    found = [decoded for window in (15, -15) if (decoded := _inflate_as(body, window)) is not None]
    if not found:
        raise CodingError("neither zlib nor deflate data")
    return next((decoded for decoded in found if decoded[1]), found[0])


def _inflate_as(body: bytes, window: int) -> Decoded | None:
    inflater = zlib.decompressobj(window)
    try:
        data = inflater.decompress(body)
    except zlib.error:
        return None
    return None if inflater.unused_data else (data, inflater.eof)


class _Brotli(Protocol):
    """A decompressor of the brotli package, or of brotlicffi, which keeps the same names."""

    def process(self, data: bytes, /) -> bytes: ...
    def is_finished(self) -> bool: ...


class _BrotliModule(Protocol):
    error: type[Exception]

    def Decompressor(self) -> _Brotli: ...


def _unbrotli(body: bytes) -> Decoded:
    module = cast("_BrotliModule", _first_of("brotli", "brotlicffi"))
    decompressor = module.Decompressor()
    try:
        return decompressor.process(body), decompressor.is_finished()
    except module.error as error:
        raise CodingError(str(error)) from error


class _StdlibZstd(Protocol):
    ZstdError: type[Exception]

    def ZstdDecompressor(self) -> _Inflater: ...


class _FrameReader(Protocol):
    def decompressobj(self) -> _Inflater: ...


class _Zstandard(Protocol):
    ZstdError: type[Exception]

    def ZstdDecompressor(self) -> _FrameReader: ...


def _unzstd(body: bytes) -> Decoded:
    module = _first_of("compression.zstd", "backports.zstd", "zstandard")
    if module.__name__ == "zstandard":
        package = cast("_Zstandard", module)
        return _members(body, lambda: package.ZstdDecompressor().decompressobj(), (package.ZstdError,))
    stdlib = cast("_StdlibZstd", module)
    return _members(body, stdlib.ZstdDecompressor, (stdlib.ZstdError,))


def _first_of(*names: str) -> ModuleType:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise CodingError(f"not installed: {' or '.join(names)}")


_DECODE: dict[str, Callable[[bytes], Decoded]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
_ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip_stored,
    "x-gzip": gzip_stored,
    "deflate": zlib_stored,
    "br": brotli_stored,
    "zstd": zstd_stored,
}
