"""Server-sent events, after the event stream chapter of the WHATWG HTML standard."""

from __future__ import annotations

import re

from tokentape.wire.event import StreamEvent

_BOM = b"\xef\xbb\xbf"
_CR, _LF = b"\r\n"

# A line ends with CR LF, LF or CR, in any mixture; possessive, so that CR LF is never two line ends.
_LINE_END_THEN_BLANK = re.compile(rb"(?:\n|\r\n?+)(?:\n|\r\n?+)")


class SseDecoder:
    """Splits a body into blocks (up to and including the blank line) and reads each.

    A blank line with no block before it is a StreamEvent of its own, without data. A CR that is the
    last byte so far waits for the next, which may be its LF.
    """

    __slots__ = ("_buffer", "_cr", "_first", "_scanned")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._cr = False  # a CR was seen: else LF alone ends lines, which is much faster
        self._first = True  # only the very first bytes of a stream may be a byte order mark
        self._scanned = 0  # no block ends before this offset: each byte is looked at once

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The blocks that end in `data`."""
        self._cr = self._cr or b"\r" in data
        if self._cr or (self._first and (self._buffer or data)[:1] in _BOM[:1]):
            self._buffer += data
            return self._blocks(final=False)
        if self._buffer:
            self._buffer += data
            if self._buffer.find(b"\n\n", self._scanned) < 0:
                self._scanned = len(self._buffer) - 1
                return []
            data = bytes(self._buffer)
        events: list[StreamEvent] = []
        self._buffer[:] = _plain_blocks(data, events)
        self._first = self._first and not events
        self._scanned = max(0, len(self._buffer) - 1)
        return events

    def close(self) -> list[StreamEvent]:
        """The tail. By the standard a block that no blank line ended is no event."""
        events = self._blocks(final=True)
        if self._buffer:
            events.append(StreamEvent(bytes(self._buffer), None, None))
            self._buffer.clear()
        return events

    def _blocks(self, *, final: bool) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        start = 0
        while (end := self._end_of_block(start, final)) is not None:
            events.append(_read_block(bytes(self._buffer[start:end]), first=self._first))
            self._first = False
            start = self._scanned = end
        if start:
            del self._buffer[:start]
            self._scanned -= start
        return events

    def _end_of_block(self, start: int, final: bool) -> int | None:
        """Offset after the block that begins at `start`; None while more bytes may decide it."""
        buffer = self._buffer
        body = start + 3 if self._first and buffer.startswith(_BOM) else start
        if body < len(buffer) and buffer[body] in b"\r\n":
            end = body + (2 if buffer[body : body + 2] == b"\r\n" else 1)
        elif (found := self._search(start)) is not None:
            end = found
        else:
            return None
        undecided = end == len(buffer) and buffer[end - 1] == _CR and not final
        return None if undecided else end

    def _search(self, start: int) -> int | None:
        buffer, begin = self._buffer, max(self._scanned, start)
        match = _LINE_END_THEN_BLANK.search(buffer, begin)
        self._scanned = match.start() if match else max(begin, len(buffer) - 1)
        return match.end() if match else None


def _plain_blocks(data: bytes, events: list[StreamEvent]) -> bytes:
    """The blocks where each line ends with LF, as nearly all do; what is left after the last."""
    *blocks, rest = data.split(b"\n\n")
    for block in blocks:
        head, between, said = block.partition(b"data: ")
        if not between or b"\n" in said or not (head == b"" or _EVENT.fullmatch(head)):
            raw = _without_blanks(block + b"\n\n", events)
            events += [_read_fields(raw, raw)] if raw else []
        else:
            name = head[7:-1].decode("utf-8", "replace") or None if head else None
            events.append(StreamEvent(block + b"\n\n", name, said))
    return _without_blanks(rest, events)


_EVENT = re.compile(rb"event: [^\n]*\n")
"""The line before the data, as Anthropic and OpenAI write it."""


def _without_blanks(raw: bytes, events: list[StreamEvent]) -> bytes:
    """`raw` without the blank lines before it, each of which is an event without data."""
    if not raw.startswith(b"\n"):
        return raw
    body = raw.lstrip(b"\n")
    events += [StreamEvent(b"\n", None, None)] * (len(raw) - len(body))
    return body


def _read_block(raw: bytes, *, first: bool) -> StreamEvent:
    text = raw[3:] if first and raw.startswith(_BOM) else raw
    return _read_fields(raw, text)


def _read_fields(raw: bytes, text: bytes) -> StreamEvent:
    data: list[bytes] = []
    name = event_id = None
    for line in text.splitlines():  # for bytes: CR, LF and CR LF only
        field, _, value = line.partition(b":")  # a comment has the empty field name
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace") or None
        elif field == b"id" and b"\0" not in value:
            event_id = value.decode("utf-8", "replace")
    return StreamEvent(raw, name, b"\n".join(data) if data else None, event_id)
