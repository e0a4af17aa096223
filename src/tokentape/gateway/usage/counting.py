"""The few events of a stream that count, kept small."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.charges import charged_in_comment, charged_in_stream
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.payload import Payload
from tokentape.protocols.unfolding import dumped
from tokentape.protocols.usage import Usage, gathered
from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Stream
    from tokentape.wire.interaction import Json

    Like = tuple[str | None, bytes, bytes]

_MOST_EVENTS, _MOST_BYTES = 32, 32 << 10
"""What waits to be read, at most."""
_LONGEST_TEXT = 200
_HEAD = 24
"""Bytes at the beginning of an event that may say its type."""
_DEPTH = 6


def marks(data: bytes) -> bool:
    """True if `data` may hold counts or a cost. All usage objects count "tokens" in one spelling or other
    (Ollama says `eval_count`); `"usage": null`, which some servers put into each chunk, and logprobs
    (`"token": ...`) do not.
    """
    if b"oken" in data and (b"okens" in data or b"okenCount" in data or b"oken_count" in data):
        return True
    return b"cost" in data or b"eval_count" in data


class Counting:
    """Takes stretches of a stream that hold counts, and says in the end what they add up to.

    Events of one kind are merged as each dialect's reader would: field by field, the last value wins.
    """

    __slots__ = ("_bytes", "_charged", "_end", "_held", "_kinds", "_stream")

    def __init__(self, stream: Stream, end: bytes) -> None:
        self._stream, self._end = stream, end
        self._held: dict[Like, bytes] = {}
        self._bytes = 0
        self._kinds: dict[tuple[str | None, Json], Payload] = {}
        self._charged: float | None = None

    def add(self, data: bytes) -> None:
        """Whole events, of which at least one may count."""
        if self._end == b"\n":
            for line in data.split(b"\n"):
                if marks(line):
                    self._hold(None, line)
        elif b"\r" in data:
            self._decode(data)
        else:
            for block in data.split(b"\n\n"):
                if not marks(block):
                    continue
                if block.startswith(b"data: ") and b"\n" not in block:
                    self._hold(None, block[6:])
                else:
                    self._decode(block)

    def _decode(self, data: bytes) -> None:
        for event in decode(SseDecoder(), (data + b"\n\n",)):
            if not marks(event.raw):
                continue
            if event.raw.startswith(b":") or b"\n:" in event.raw:
                told = charged_in_comment(event.raw)
                self._charged = self._charged if told is None else told
            if event.data is not None:
                self._hold(event.name, event.data)

    def _hold(self, name: str | None, data: bytes) -> None:
        """Of events that count the same kinds, the later one says it all: they differ in digits alone."""
        at = data.find(b"sage")
        like = (name, data[:_HEAD], data[max(at, 0) :].translate(None, b"0123456789"))
        self._bytes += len(data) - len(self._held.pop(like, b""))
        self._held[like] = data
        if len(self._held) > _MOST_EVENTS or self._bytes > _MOST_BYTES:
            self._merge()

    def _merge(self) -> None:
        """What waits, merged into one event of each kind."""
        for (name, _, _), data in self._held.items():
            value = json_in(data)
            if not isinstance(value, dict):
                continue
            small = _small(value)
            kind = (name, small.get("type") if isinstance(small.get("type"), str) else None)
            before = self._kinds.pop(kind, None)  # the later one goes to the end
            merged = small if before is None else gathered([before.json, small])
            self._kinds[kind] = Payload.read(name, dumped(merged), merged)
            while len(self._kinds) > _MOST_EVENTS:
                del self._kinds[next(iter(self._kinds))]
        self._held, self._bytes = {}, 0

    def usage(self) -> Usage | None:
        """All that was counted, and what it cost if the stream says so; None where it says neither."""
        self._merge()
        payloads = list(self._kinds.values())
        usage = self._stream.usage(payloads) if payloads else None
        charged = charged_in_stream(payloads)
        charged = self._charged if charged is None else charged
        if charged is None:
            return usage
        return replace(usage or Usage(), charged=charged)


def _small(value: dict[str, Json], depth: int = 0, *, counts: bool = False) -> dict[str, Json]:
    """The event without what it answers: long texts, and lists that are not beside counts."""
    found: dict[str, Json] = {}
    for name, each in value.items():
        inside = counts or "sage" in name or "etadata" in name or name in ("meta", "metrics")
        if isinstance(each, dict):
            if depth < _DEPTH:
                found[name] = _small(each, depth + 1, counts=inside)
        elif isinstance(each, list):
            if inside:
                found[name] = each
        elif not isinstance(each, str) or len(each) <= _LONGEST_TEXT:
            found[name] = each
    return found
