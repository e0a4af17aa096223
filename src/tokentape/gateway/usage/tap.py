"""What a reply says it used, read while it passes. On the hot path: a stream is searched, not parsed.

Events that cannot count anything are never taken apart; those that may are kept, as few and as small as
the dialect's own reader needs them. Chunks may end anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.gateway.usage.counting import Counting, marks
from tokentape.protocols.dialect import Kind, Operation
from tokentape.protocols.fastjson import loads
from tokentape.protocols.registry import Recognised, usage_of
from tokentape.protocols.table import dialect_named
from tokentape.wire.body import content_encoding, media_type
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Dialect
    from tokentape.protocols.usage import Usage
    from tokentape.wire.message import Headers

_MOST = 32 << 20
"""Bytes of a whole reply, or of one event, that are kept to be read; longer ones count as unknown."""

_SHORT = 512
"""Chunks shorter than that hold one event, about."""

_SAID = re.compile(
    rb'"(?:content|text|thinking|reasoning|reasoning_content|arguments|partial_json|delta|response|refusal)"'
    rb'\s?:\s?"((?:[^"\\]++|\\.)*+)"'
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a reply used. `by`: "reply" where it says so; "estimate" with its `method` where it does not;
    "" where nothing is known.
    """

    usage: Usage | None = None
    by: str = ""
    method: str = ""


class UsageTap:
    """Fed with the body of one reply of `dialect`, as it comes; `end` says what it used.

    `headers` and `status` are the reply's; `streamed`: a stream was asked for. `says`: count the text that
    goes by, since this stream will not count its tokens (Chat without `stream_options.include_usage`).
    """

    __slots__ = (
        "_counting", "_dialect", "_end", "_headers", "_held", "_held_bytes", "_is_lost", "_says", "_status",
        "_streamed", "_tail", "events", "said",
    )  # fmt: skip

    def __init__(
        self,
        dialect: str,
        *,
        headers: Headers = (),
        status: int = 200,
        streamed: bool = False,
        says: bool = False,
    ) -> None:
        self._dialect = dialect_named(dialect)
        self._headers, self._status, self._streamed, self._says = headers, status, streamed, says
        self._end = _boundary(headers)
        stream = self._dialect.stream if self._dialect else None
        self._counting = Counting(stream, self._end) if self._end and stream else None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._tail = b""
        self._is_lost = self._dialect is None
        self.events = 0
        """Events of the stream so far, about."""
        self.said = 0
        """Bytes of text that went by, if `says`."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""
        counting = self._counting
        if counting is None:
            self._hold(data)
            return
        if self._says:
            self.said += sum(map(len, _SAID.findall(data)))
        self.events += 1 if len(data) < _SHORT else data.count(self._end)
        if self._held or not data.endswith(self._end):
            self._piece(data, counting)
        elif marks(data):
            counting.add(data)

    def _piece(self, data: bytes, counting: Counting) -> None:
        """Bytes that do not begin and end with events: what is not over waits."""
        near = self._tail + data
        cut = near.rfind(self._end)
        if cut < 0 and b"\r\n" in near and self._end == _LF:
            self._end = _CRLF
            cut = near.rfind(_CRLF)
        if cut < 0:
            self._hold(data)
            return
        cut += len(self._end) - len(self._tail)
        whole = b"".join((*self._held, data[:cut]))
        self._held, self._held_bytes, self._tail = [], 0, b""
        if marks(whole):
            counting.add(whole)
        if cut < len(data):
            self._hold(data[cut:])

    def _hold(self, data: bytes) -> None:
        """Keep what is not over yet."""
        if self._is_lost:
            return
        self._held.append(data)
        self._held_bytes += len(data)
        self._tail = (self._tail + data[-3:])[-3:]
        if self._held_bytes > _MOST:
            held, self._held, self._held_bytes = self._held, [], 0
            if self._counting is None:
                self._is_lost = True
            else:
                self._counting.add(b"".join(held))

    def end(self) -> Counted:
        """What was counted, by the reply itself; or nothing. The tap may not be fed afterwards."""
        if self._status >= 400 or self._dialect is None:
            return Counted()
        rest = b"".join(self._held)
        self._held, self._held_bytes = [], 0
        if self._counting is not None:
            if rest and marks(rest):
                self._counting.add(rest)
            return _told(self._counting.usage())
        return _told(None if self._is_lost else self._whole(rest))

    def _whole(self, body: bytes) -> Usage | None:
        """A reply that is one value, or a stream that is binary or compressed: read once, at its end."""
        if self._dialect is None:
            return None
        if media_type(self._headers) == "application/json" and not self._streamed and body[:1] == b"{":
            found = self._plain(self._dialect, body)
            if found is not None:
                return found
        operation = Operation(self._dialect.name, "", Kind.OTHER, self._streamed)
        reply = Response(self._status, "", self._headers, body)
        return usage_of(Recognised(operation, self._dialect, None, False), reply)

    @staticmethod
    def _plain(dialect: Dialect, body: bytes) -> Usage | None:
        """The usual reply, without all the questions that rarer ones need."""
        try:
            return dialect.usage(loads(body))
        except JsonError:
            return None


def _told(usage: Usage | None) -> Counted:
    return Counted() if usage is None else Counted(usage, "reply")


def _boundary(headers: Headers) -> bytes:
    """What events of a stream of text end with; b"" for what is none."""
    if content_encoding(headers):
        return b""
    return _BOUNDARIES.get(media_type(headers), b"")


_LF, _CRLF = b"\n\n", b"\r\n\r\n"
_BOUNDARIES = {
    "text/event-stream": _LF,
    "application/x-ndjson": b"\n",
    "application/ndjson": b"\n",
    "application/jsonl": b"\n",
    "application/stream+json": b"\n",
}
