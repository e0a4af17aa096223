"""A reply as it comes, for those who learn from it: the bytes of a stream, its events, or a whole body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.fold import Fold
from tokentape.protocols.fastjson import loads
from tokentape.protocols.framing import decoder, framing_of
from tokentape.protocols.payload import Payload
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.table import dialect_named
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Codec, Source, StreamReader
    from tokentape.wire.event import Decoder, StreamEvent
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

MOST = 64 << 20
"""Bytes of a stream that are held for those who want it whole; of a longer one nothing is learned."""


class Listening:
    """`folds`: the canonical reply is wanted; `holds`: the native one, as it would be without streaming;
    `each` gets the JSON of every event. What cannot be read is no error here: `trouble` says it.
    """

    def __init__(self, source: Source, each: Callable[[Json], None], *, folds: bool, holds: bool) -> None:
        self._dialect = dialect_named(source.dialect)
        self._source, self._each, self._folds, self._holds = source, each, folds, holds
        self._reader: StreamReader | None = None
        self._fold = Fold()
        self._held: list[Payload] = []
        self._size = 0
        self._decoder: Decoder | None = None
        self._streamed = False
        self.body: Fields | None = None
        self.trouble = ""

    @property
    def _codec(self) -> Codec | None:
        dialect = self._dialect
        return dialect.codec() if dialect is not None and dialect.codec is not None else None

    def feed(self, data: bytes) -> None:
        """The next bytes of a stream, without their content coding."""
        if self._decoder is None:
            codec = self._codec
            framing = framing_of(data, codec.framing if codec is not None else "sse")
            if framing is None:
                return
            self._decoder = decoder(framing)
        self._events(self._decoder.feed(data))

    def _events(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            if event.data is not None:
                try:
                    found = loads(event.data)
                except JsonError:
                    found = None
                self.event(found, event.name, event.data)

    def event(self, json: Json, name: str | None = None, data: bytes = b"") -> None:
        """The next event of a stream."""
        if self.trouble:
            return
        self._streamed = True
        payload = Payload.read(name, data, json)
        if json is not None:
            self._each(json)
        if self._folds:
            self._read(payload)
        if self._holds:
            self._size += len(data) or 1_024
            self._held.append(payload)
            if self._size > MOST:
                self._give_up("the stream is too long to be held")

    def _read(self, payload: Payload) -> None:
        if self._reader is None:
            codec = self._codec
            if codec is None:
                return
            self._reader = codec.reader(self._source)
        try:
            for event in self._reader.read(payload):
                self._fold.add(event)
        except ProtocolError:
            self._give_up("the stream could not be read")

    def _give_up(self, why: str) -> None:
        self.trouble = why
        self._held.clear()

    @property
    def has_ended(self) -> bool:
        """True once a stream told its own end: whatever happens then, it came whole."""
        return self._fold.complete and not self.trouble

    def reply(self) -> Reply | None:
        """The canonical reply, once everything came; None where there is none to learn from."""
        codec = self._codec
        if self.trouble or codec is None:
            return None
        try:
            if self._streamed and self._reader is not None:
                for event in self._reader.end():
                    self._fold.add(event)
                return self._fold.reply()
            return codec.read_reply(self.body, self._source) if self.body is not None else None
        except ProtocolError:
            self.trouble = "the reply could not be read"
            return None

    def whole(self) -> Json:
        """The native reply; that of a stream as it would be without streaming; None where there is none."""
        if not self._streamed or self.trouble:
            return self.body
        dialect = self._dialect
        if dialect is None or dialect.synthesis is None:
            self.trouble = "streams of this dialect are not put together"
            return None
        try:
            return dialect.synthesis().fold(self._held)
        except NotConvertible as problem:
            self.trouble = str(problem)
            return None

    def close(self) -> None:
        """Nothing more comes."""
        if self._decoder is not None:
            self._events(self._decoder.close())
