"""Hearing an upstream's reply as it goes by: what it used, what rules learn of it, what it said in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.usage.spent import NOTHING
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.fastjson import loads
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from tokentape.gateway.fields.notes import Note
    from tokentape.gateway.fields.watch import Watch
    from tokentape.gateway.usage.tap import Counted, UsageTap
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

_MOST = 16 << 20
"""Bytes of a reply that are kept to be read again."""


class Hearing:
    """Hears one reply. Each of its parts may be absent: a call that is only passed on has none.

    `keeps`: the reply is kept, so that it can be read as a whole in the end (`reply`). `is_read`: it is a
    stream that is read anyway, to be translated, and its events come in `events`; `reply`: it was read as a
    whole for that already.
    """

    def __init__(
        self,
        source: Source,
        tap: UsageTap | None,
        watch: Watch | None,
        *,
        is_stream: bool,
        keeps: bool,
        is_read: bool = False,
        reply: Reply | None = None,
    ) -> None:
        self._source, self.tap, self._watch = source, tap, watch
        self._is_stream = is_stream
        self.events: list[Event] | None = [] if is_read and (keeps or watch is not None) else None
        self._is_read = self.events is not None or reply is not None
        if reply is not None:
            keeps = watch is not None and watch.wants_stream
        elif is_stream and watch is not None:
            keeps = not watch.folds  # somebody has to know how it ended, and one is enough
        self._keeps = keeps and self.events is None
        self._feeds = watch is not None and is_stream and (self.events is None or watch.wants_stream)
        self._pieces: list[bytes] = []
        self._size = 0
        self._reply = reply

    def feed(self, data: bytes) -> None:
        """The next bytes, as the upstream sent them."""
        if self.tap is not None:
            self.tap.feed(data)
        if self._watch is not None and self._feeds:
            self._watch.feed(data)
        if self._keeps and self._size <= _MOST:
            self._pieces.append(data)
            self._size += len(data)

    def end(self, *, complete: bool) -> tuple[Counted, tuple[Note, ...]]:
        """The reply is over. A reply that is not complete teaches nothing."""
        counted = self.tap.end() if self.tap is not None else NOTHING
        if self._watch is None:
            return counted, ()
        if complete and self._is_read:
            reply = self.reply()
            if reply is not None:
                self._watch.said(reply)
        if complete and not self._is_stream and self._keeps:
            self._watch.reply(_json(b"".join(self._pieces)))
        notes = self._watch.done(complete=complete)
        if self._reply is None:
            self._reply = self._watch.heard()
        return counted, notes

    @property
    def is_bound(self) -> bool:
        """True if rules kept state that only the credential of this call can read."""
        return self._watch is not None and self._watch.is_bound

    @property
    def heard_its_end(self) -> bool:
        """True if the reply came to the end that its dialect gives it."""
        if self._watch is not None and self._watch.has_ended:
            return True
        reply = self.reply()
        return reply is not None and reply.complete and reply.failure is None

    def reply(self) -> Reply | None:
        """The reply in canonical form; None for one that cannot be read, or was not kept."""
        if self._reply is None:
            self._reply = fold(self.events) if self.events else self._read()
        return self._reply

    def _read(self) -> Reply | None:
        if not self._pieces or self._size > _MOST:
            return None
        try:
            if self._is_stream:
                reader = EventReader(self._source)
                events = [event for piece in self._pieces for event in reader.feed(piece)]
                return fold([*events, *reader.end()])
            body = _json(b"".join(self._pieces))
            return codec_of(self._source.dialect).read_reply(body, self._source) if body else None
        except ProtocolError:
            return None


def _json(data: bytes) -> dict[str, Json] | None:
    try:
        found = loads(data)
    except JsonError:
        return None
    return found if isinstance(found, dict) else None
