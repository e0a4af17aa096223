"""A JSON array sent element by element, as Gemini streams where SSE was not asked for."""

from __future__ import annotations

import re

from tokentape.wire.event import StreamEvent

_SPACE = b" \t\r\n"
_STRUCTURE = re.compile(rb'["\[\]{},]')
_INSIDE_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")


class JsonArrayDecoder:
    """Yields each element when its end is known; the comma before it belongs to its `raw`.

    Elements are found by their brackets, not validated. What follows the last element, an element
    that was cut, and a body that is no array come from `close`, without data.
    """

    __slots__ = ("_at", "_buffer", "_depth", "_done", "_item", "_quoted", "_start")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0  # everything before was looked at
        self._start = 0  # first byte not yet given out
        self._item = 0  # first byte that may belong to the element at hand
        self._depth = 0
        self._quoted = False
        self._done = False  # past the closing bracket, or no array at all

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The elements that end in `data`."""
        self._buffer += data
        events: list[StreamEvent] = []
        if not self._depth and not self._done:
            self._open()
        while self._depth and (at := self._next()) is not None:
            self._step(at, events)
        self._drop()
        return events

    def close(self) -> list[StreamEvent]:
        """What is left, without data."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._done = True
        return [StreamEvent(rest, None, None)] if rest else []

    def _open(self) -> None:
        found = _NOT_SPACE.search(self._buffer, self._at)
        self._at = found.start() + 1 if found else len(self._buffer)
        if found and found[0] == b"[":
            self._depth, self._item = 1, self._at
        else:
            self._done = found is not None

    def _next(self) -> int | None:
        """Offset of the next bracket or comma outside of strings; None if more bytes are needed."""
        while self._at < len(self._buffer):
            if self._quoted and not self._leave_string():
                return None
            found = _STRUCTURE.search(self._buffer, self._at)
            if found is None:
                self._at = len(self._buffer)
                return None
            self._at = found.end()
            self._quoted = found[0] == b'"'
            if not self._quoted:
                return found.start()
        return None

    def _leave_string(self) -> bool:
        found = _INSIDE_STRING.match(self._buffer, self._at)
        self._at = found.end() if found else self._at
        if self._buffer[self._at : self._at + 1] != b'"':
            return False  # more to come; a lone backslash waits for what it escapes
        self._at += 1
        self._quoted = False
        return True

    def _step(self, at: int, events: list[StreamEvent]) -> None:
        mark = bytes(self._buffer[at : at + 1])
        if mark in (b"[", b"{"):
            self._depth += 1
        elif mark == b",":
            if self._depth == 1:
                self._emit(at, events)
                self._item = at + 1
        elif self._depth == 2:
            self._depth = 1
            self._emit(at + 1, events)
        else:
            self._depth -= 1
            if self._depth == 0:
                self._emit(at, events)
                self._done = True

    def _emit(self, end: int, events: list[StreamEvent]) -> None:
        """Give out the element that ends here; nothing where only white space is left of it."""
        data = bytes(self._buffer[self._item : end]).strip(_SPACE)
        if data:
            events.append(StreamEvent(bytes(self._buffer[self._start : end]), None, data))
            self._start = self._item = end

    def _drop(self) -> None:
        if self._start:
            del self._buffer[: self._start]
            self._at -= self._start
            self._item -= self._start
            self._start = 0
