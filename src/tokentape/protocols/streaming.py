"""A stream of one dialect in another: bytes in, bytes out, as soon as the other dialect can tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind, broken_off
from tokentape.protocols.canonical.items import ServerTool
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.charges import charged_in, charged_in_comment, is_charge
from tokentape.protocols.fastjson import json_in
from tokentape.protocols.framing import ENCODERS, decoder, framing_of
from tokentape.protocols.payload import Payload
from tokentape.protocols.translation import codec_of
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.protocols.codec import Source, Target, WireEvent
    from tokentape.wire.event import StreamEvent


class EventReader:
    """Bytes of a stream in, canonical events out. `framing` names another than the dialect's own, such as
    "json-array"; where it is not told, server-sent events and a JSON array are told apart by their bytes.
    """

    def __init__(self, source: Source, framing: str | None = None) -> None:
        codec = codec_of(source.dialect)
        self._framing = codec.framing
        self._decoder = None if framing is None else decoder(framing)
        self._reader = codec.reader(source)

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that `data` completes. Raises `ProtocolError` for what is no event of the dialect."""
        if self._decoder is None:
            return self._first(data)
        return self._read(self._decoder.feed(data))

    def _first(self, data: bytes) -> Iterator[Event]:
        """Until the first byte that says how the stream is framed; blanks before it say nothing."""
        framing = framing_of(data, self._framing)
        if framing is None:
            return iter(())
        self._decoder = decoder(framing)
        return self._read(self._decoder.feed(data))

    def end(self) -> Iterator[Event]:
        """The connection ended: the last events, and `Ended`."""
        if self._decoder is not None:
            yield from self._read(self._decoder.close())
        yield from self._reader.end()

    def _read(self, found: Iterable[StreamEvent]) -> Iterator[Event]:
        for event in found:
            data = event.data
            payload = None if data is None else Payload.read(event.name, data, json_in(data))
            if b"cost" in event.raw:
                yield from _charges(event.raw, payload)
                if payload is not None and is_charge(payload.name, payload.json):
                    continue
            if payload is not None:
                yield from self._reader.read(payload)
            elif event.raw.startswith(b":") and b"cost" not in event.raw:
                yield Ping()  # servers keep a connection alive with comments (OpenRouter)


def _charges(raw: bytes, payload: Payload | None) -> Iterator[Event]:
    """What comments, and events that only say a cost, are in canonical form: no part of the answer."""
    told = charged_in_comment(raw)
    if told is None and payload is not None and is_charge(payload.name, payload.json):
        told = charged_in(payload.name, payload.json)
    if told is not None:
        yield Counted(Usage(charged=told))


class StreamTranslator:
    """One stream, translated. Feed it what comes, in pieces of any size; `end` when the source is done.

    An error event of the source becomes one of the target; a source that ends without its own end becomes
    an incomplete reply of the target, never a complete one. After either nothing more is written.

    `heard` collects the canonical events, for who wants the reply as a whole.

    What is no event of the source is a `ProtocolError`; what was written before it comes from the next
    call, which is `fail` for a caller that tells its client what happened.
    """

    def __init__(
        self,
        source: Source,
        target: Target,
        *,
        framing: str | None = None,
        encode: Callable[[WireEvent], bytes] | None = None,
        heard: list[Event] | None = None,
    ) -> None:
        codec = codec_of(target.dialect)
        self._reader = EventReader(source, framing)
        self._writer = codec.writer(target)
        self._encode = encode or ENCODERS[codec.framing]
        self._heard = heard
        self._target = target
        self._same = codec_of(source.dialect).dialect == codec.dialect
        self._over = False
        self._broken: Failure | None = None
        self._foreign: set[int] = set()
        self._written: list[bytes] = []

    @property
    def losses(self) -> LossReport:
        """What could not be said, so far."""
        return self._target.losses.report

    def feed(self, data: bytes) -> bytes:
        """What the target's stream says by now."""
        return self._write(self._reader.feed(data))

    def end(self) -> bytes:
        """The end of the target's stream."""
        written = self._write(self._reader.end())
        return written if self._over else written + self._write((Ended(False),))

    def fail(self, why: str | Failure) -> bytes:
        """The source broke: the target's stream ends with an error."""
        failure = Failure(FailureKind.INCOMPLETE, why) if isinstance(why, str) else why
        return self._write((Failed(failure), Ended(False)))

    def ping(self) -> bytes:
        """What says that the connection is alive; empty where the target's dialect has no word for it."""
        return self._write((Ping(),))

    def _write(self, events: Iterable[Event]) -> bytes:
        written = self._written  # it outlives an error of the reader: the writer has told it
        for event in events:
            if self._over:
                break
            if self._heard is not None:
                self._heard.append(event)
            if self._is_foreign(event):
                continue
            kind = type(event)
            if kind is Stopped and self._breaks_off(event):
                continue
            if kind is Failed:
                self._broken = None  # this says more of it
            if kind is Ended and self._broken is not None:
                written += map(self._encode, self._writer.write(Failed(self._broken)))
                event = Ended(False)  # noqa: PLW2901 - that is how it ends
            for wire in self._writer.write(event):
                written.append(self._encode(wire))
            self._over = kind is Ended
        said = b"".join(written)
        written.clear()
        return said

    def _breaks_off(self, event: Event) -> bool:
        """True for an error that the source tells as a reason to stop: few dialects have a word for it, and
        clients would take what they do not know for a success. It is told in the end, unless the source
        tells more of it.
        """
        stop = event.stop if isinstance(event, Stopped) and event.choice == 0 else None
        broken = None if self._same else broken_off(stop)
        if broken is None:
            return False
        self._broken = broken
        return True

    def _is_foreign(self, event: Event) -> bool:
        """True for what only the source's dialect knows: noted, and kept from the writer."""
        kind = type(event)
        if kind is Delta or kind is Amend or kind is Close:
            return bool(self._foreign) and event.key in self._foreign  # type: ignore[union-attr]
        mine, losses = self._target.dialect, self._target.losses
        if isinstance(event, Open) and isinstance(event.block, ServerTool | Unknown):
            if event.block.protocol == mine:
                return False
            self._foreign.add(event.key)
            what = event.block.kind if isinstance(event.block, ServerTool) else "block"
            losses.meaning((), what, f"only {event.block.protocol} has it")
            return True
        if isinstance(event, Remark) and event.protocol != mine:
            losses.tuning((), f"event {event.name or ''}".strip(), f"only {event.protocol} has it")
            return True
        return False
