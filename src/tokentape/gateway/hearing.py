"""Hearing an upstream's reply as it goes by: what it used, what rules learn of it, what it said in all."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.gateway.usage.spent import NOTHING
from tokentape.gateway.usage.tap import Counted
from tokentape.protocols.canonical.fold import Fold, fold
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.fields.notes import Note
    from tokentape.gateway.fields.watch import Watch
    from tokentape.gateway.usage.tap import UsageTap
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

_MOST = 16 << 20
"""Bytes of a reply that is heard to be read; of a longer one nobody knows what it said."""


class Hearing:
    """Hears one reply. Each of its parts may be absent: a call that is only passed on has none.

    `keeps`: the reply is wanted as a whole in the end (`reply`); a stream is read as it goes by, so that its
    end holds nobody up. `is_read`: it is a stream that is read anyway, to be translated, and its events come
    in `events`; `reply`: it was read as a whole for that already.
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
        if is_stream and watch is not None:
            keeps = not watch.folds  # somebody has to know how it ended, and one is enough
        self._reading = _Reading(source) if is_stream and keeps and self.events is None else None
        self._keeps = (
            not is_stream and keeps and (reply is None or (watch is not None and watch.wants_stream))
        )
        self._feeds = watch is not None and is_stream and (self.events is None or watch.wants_stream)
        self._body = b""
        self._reply = reply

    def feed(self, data: bytes) -> None:
        """The next bytes of a stream, or the whole body, as the upstream sent them."""
        if self.tap is not None:
            self.tap.feed(data)
        if self._watch is not None and self._feeds:
            self._watch.feed(data)
        if self._reading is not None:
            self._reading.feed(data)
        elif self._keeps and len(data) <= _MOST:
            self._body = data

    def end(self, *, complete: bool) -> tuple[Counted, tuple[Note, ...]]:
        """The reply is over. A reply that is not complete teaches nothing."""
        counted = self._counted(complete)
        if self._watch is None:
            return counted, ()
        if complete and self._is_read:
            reply = self.reply()
            if reply is not None:
                self._watch.said(reply)
        if complete and self._body:
            self._watch.reply(self._fields)
        notes = self._watch.done(complete=complete)
        if self._reply is None:
            self._reply = self._watch.heard()
        return counted, notes

    def _counted(self, complete: bool) -> Counted:
        """What it used: a body that is read for what it said has told that, too."""
        if self.tap is None:
            return NOTHING
        reply = self.reply() if complete and not self._is_stream else None
        if reply is not None and reply.usage is not None:
            return Counted(reply.usage, "reply")
        return self.tap.end()

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

    @cached_property
    def _fields(self) -> dict[str, Json] | None:
        """The body of a whole reply; None where it is no JSON object, or was not kept."""
        found = json_in(self._body)
        return found if isinstance(found, dict) else None

    def _read(self) -> Reply | None:
        if self._reading is not None:
            return self._reading.reply()
        fields = self._fields
        try:
            return codec_of(self._source.dialect).read_reply(fields, self._source) if fields else None
        except ProtocolError:
            return None


class _Reading:
    """A stream, read as it goes by."""

    def __init__(self, source: Source) -> None:
        self._reader = EventReader(source)
        self._fold: Fold | None = Fold()
        self._size = 0
        self._last = b""

    def feed(self, data: bytes) -> None:
        """The next bytes. They are read once more come, so that they go to the client first."""
        self._size += len(data)
        self._take(self._reader.feed(self._last))
        self._last = data

    def reply(self) -> Reply | None:
        """All of it, once it is over; None where nothing came, or too much, or what cannot be read."""
        self._take(self._reader.feed(self._last))
        self._last = b""
        self._take(self._reader.end())
        return self._fold.reply() if self._fold is not None and self._size else None

    def _take(self, events: Iterable[Event]) -> None:
        fold = self._fold
        if fold is None:
            return
        try:
            for event in events:
                fold.add(event)
        except ProtocolError:
            self._fold = None
        if self._size > _MOST:
            self._fold = None
