"""Newline-delimited JSON: one value, one line."""

from __future__ import annotations

from tokentape.wire.event import StreamEvent
from tokentape.wire.jsontext import is_json

_SPACE = b" \t\r\n"


class NdjsonDecoder:
    """Splits at LF; a line of white space only has no data.

    A last line without LF is an event if it is a complete JSON value, as writers may leave the
    final newline out; otherwise it was cut and is none.
    """

    __slots__ = ("_buffer", "_scanned")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0  # no LF before this offset

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The lines that end in `data`."""
        self._buffer += data
        last = self._buffer.rfind(b"\n", self._scanned) + 1
        self._scanned = len(self._buffer) - last
        if not last:
            return []
        whole = bytes(self._buffer[: last - 1])
        del self._buffer[:last]
        return [_line(line + b"\n") for line in whole.split(b"\n")]

    def close(self) -> list[StreamEvent]:
        """The last line, if no LF ended it."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._scanned = 0
        if not rest:
            return []
        return [_line(rest) if is_json(rest) else StreamEvent(rest, None, None)]


def _line(raw: bytes) -> StreamEvent:
    return StreamEvent(raw, None, raw.strip(_SPACE) or None)
