"""AWS event stream (application/vnd.amazon.eventstream), both ways, checksums included.

    total length u32 | headers length u32 | CRC-32 of these 8 bytes
    headers | payload | CRC-32 of everything before

All numbers are big-endian. A header is: length of name u8, name, type u8, value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from tokentape.wire.event import StreamEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

_PRELUDE = struct.Struct(">III")
_OVERHEAD = _PRELUDE.size + 4
_INTEGERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}
_TRUE, _FALSE, _BYTES, _STRING, _UUID = 0, 1, 6, 7, 9


@dataclass(frozen=True, slots=True)
class EventHeader:
    """A header with its wire type, which the value alone does not tell.

    0 true, 1 false, 2 to 5 integers of 1, 2, 4, 8 bytes, 6 bytes, 7 string, 8 milliseconds since
    1970, 9 UUID (16 bytes). Strings that are not UTF-8 keep their bytes as surrogate escapes.
    """

    name: str
    value: bool | int | bytes | str
    type: int = _STRING


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message of the stream."""

    headers: tuple[EventHeader, ...]
    payload: bytes

    def text(self, name: str) -> str | None:
        """The string header called `name`, or None."""
        found = (header.value for header in self.headers if header.name == name)
        return next((value for value in found if isinstance(value, str)), None)


def decode_message(raw: bytes) -> EventMessage:
    """The message that `raw` is, exactly. ValueError: not one message, or a checksum does not fit."""
    total, length = _read_prelude(raw)
    if total != len(raw):
        raise ValueError(f"a message of {total} bytes, {len(raw)} given")
    if crc32(raw[:-4]) != int.from_bytes(raw[-4:], "big"):
        raise ValueError("the checksum of the message does not fit")
    end = _PRELUDE.size + length
    return EventMessage(tuple(_read_headers(raw[_PRELUDE.size : end])), raw[end:-4])


def encode_message(headers: Iterable[EventHeader], payload: bytes) -> bytes:
    """The message on the wire. ValueError: a value that its type cannot hold."""
    block = b"".join(map(_write_header, headers))
    lengths = struct.pack(">II", _OVERHEAD + len(block) + len(payload), len(block))
    message = lengths + crc32(lengths).to_bytes(4, "big") + block + payload
    return message + crc32(message).to_bytes(4, "big")


def starts_message(body: bytes) -> bool:
    """True if `body` begins with a prelude whose checksum fits."""
    try:
        _read_prelude(body)
    except ValueError:
        return False
    return True


def end_of_messages(data: bytes) -> int:
    """Where the last message ends that `data` holds in whole; 0: it holds none. ValueError: no message
    begins where one should.
    """
    at = 0
    while len(data) - at >= _PRELUDE.size:
        end = at + _read_prelude(data[at : at + _PRELUDE.size])[0]
        if end > len(data):
            break
        at = end
    return at


class EventStreamDecoder:
    """One event per message; its name is `:event-type`, `:exception-type` or `:error-code`.

    A message whose own checksum does not fit has no data. After a prelude that does not fit nothing
    tells where the next message begins: the rest comes from `close`, without data.
    """

    __slots__ = ("_broken", "_buffer", "_needed")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = _PRELUDE.size  # bytes to have before there is something to read
        self._broken = False

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The messages that end in `data`."""
        self._buffer += data
        events: list[StreamEvent] = []
        start = 0
        while not self._broken and len(self._buffer) - start >= self._needed:
            end = self._end_of_message(start)
            if end is not None:
                events.append(_read_event(bytes(self._buffer[start:end])))
                start, self._needed = end, _PRELUDE.size
        del self._buffer[:start]
        return events

    def close(self) -> list[StreamEvent]:
        """What is left: a message that was cut, or all since a broken prelude."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return [StreamEvent(rest, None, None)] if rest else []

    def _end_of_message(self, start: int) -> int | None:
        try:
            self._needed = _read_prelude(self._buffer[start : start + _PRELUDE.size])[0]
        except ValueError:
            self._broken = True
            return None
        end = start + self._needed
        return end if end <= len(self._buffer) else None


def _read_prelude(data: bytes | bytearray) -> tuple[int, int]:
    if len(data) < _PRELUDE.size:
        raise ValueError("no prelude: fewer than 12 bytes")
    total, length, checksum = _PRELUDE.unpack_from(data)
    if crc32(data[:8]) != checksum:
        raise ValueError("the checksum of the prelude does not fit")
    if length + _OVERHEAD > total:
        raise ValueError("the headers are longer than the message")
    return total, length


def _read_event(raw: bytes) -> StreamEvent:
    try:
        message = decode_message(raw)
    except ValueError:
        return StreamEvent(raw, None, None)
    name = message.text(":event-type") or message.text(":exception-type") or message.text(":error-code")
    return StreamEvent(raw, name, message.payload)


def _read_headers(block: bytes) -> Iterable[EventHeader]:
    at = 0
    while at < len(block):
        end = at + 1 + block[at]
        name = _text(block[at + 1 : end])
        if end >= len(block):
            raise ValueError("a header is cut")
        kind = block[end]
        value, at = _read_value(block, end + 1, kind)
        yield EventHeader(name, value, kind)


def _read_value(block: bytes, at: int, kind: int) -> tuple[bool | int | bytes | str, int]:
    """The value at this offset, and the offset after it."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind in _INTEGERS:
        form = struct.Struct(_INTEGERS[kind])
        return int.from_bytes(_take(block, at, form.size), "big", signed=True), at + form.size
    if kind == _UUID:
        return _take(block, at, 16), at + 16
    if kind not in (_BYTES, _STRING):
        raise ValueError(f"no such header type: {kind}")
    size = int.from_bytes(_take(block, at, 2), "big")
    value = _take(block, at + 2, size)
    return (_text(value) if kind == _STRING else value), at + 2 + size


def _take(block: bytes, at: int, size: int) -> bytes:
    if at + size > len(block):
        raise ValueError("a header is cut")
    return block[at : at + size]


def _write_header(header: EventHeader) -> bytes:
    name = _bytes(header.name)
    if len(name) > 255:
        raise ValueError("a header's name has at most 255 bytes")
    return bytes([len(name)]) + name + bytes([header.type]) + _write_value(header)


def _write_value(header: EventHeader) -> bytes:
    kind, value = header.type, header.value
    if kind in (_TRUE, _FALSE) and value is (kind == _TRUE):
        return b""
    if kind in _INTEGERS and isinstance(value, int):
        try:
            return struct.pack(_INTEGERS[kind], value)
        except struct.error as error:
            raise ValueError(f"{value} does not fit header type {kind}") from error
    data = _bytes(value) if isinstance(value, str) else value
    if kind == _UUID and isinstance(data, bytes) and len(data) == 16:
        return data
    if kind in (_BYTES, _STRING) and isinstance(data, bytes) and len(data) <= 0xFFFF:
        return struct.pack(">H", len(data)) + data
    raise ValueError(f"{value!r:.80} does not fit header type {kind}")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
