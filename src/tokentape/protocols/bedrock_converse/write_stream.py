"""Events as a ConverseStream: `messageStart`, blocks one after the other, `messageStop`, `metadata`.

Blocks never overlap: what comes for another block while a call is open waits until that is whole, since
arguments cannot go on in another block (case 9). A text that goes on after others began is a new block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.counts import write_usage
from tokentape.protocols.bedrock_converse.failures import write_exception
from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.stops import write_stop
from tokentape.protocols.bedrock_converse.write_block import BlockWriter
from tokentape.protocols.bedrock_converse.write_reply import NO_METRICS
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.codec import WireEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CUT = "the stream ended before the reply was whole"
_AT_STOP = "additionalModelResponseFields"
_AT_END = frozenset({_AT_STOP, "metrics", "trace", "performanceConfig", "serviceTier"})
"""Fields of a whole reply that a stream tells with its end."""


class Lane:
    """One block: what waits of it, and whether no more comes."""

    __slots__ = ("block", "closed", "waiting")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.waiting: list[Delta | Amend] = []
        self.closed = False


class Writer:
    """Writes one stream."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._begun = self._ended = self._called = False
        self._started = Started("")
        self._rest: Fields = {}
        self._stopped: Stopped | None = None
        self._usage: Usage | None = None
        self._lanes: dict[int, Lane] = {}
        self._queue: list[int] = []
        self._current: int | None = None
        self._blocks = BlockWriter(target)

    def write(self, event: Event) -> Iterable[WireEvent]:
        """The wire events that say it."""
        if self._ended:
            return ()
        if type(event) is Delta:
            return self._more(event)
        writes = _WRITES.get(type(event))
        return writes(self, event) if writes is not None else ()

    # ---- the message

    def _start(self, event: Started) -> Iterable[WireEvent]:
        model = event.model or self._started.model
        self._started = event._replace(id=event.id or self._started.id, model=model)
        self._blocks.replies(self._started)
        if event.protocol != NAME or not event.rest:
            return self._begin()
        # What was said in the beginning is said there; the end tells the rest.
        first = {name: value for name, value in event.rest.items() if name not in _AT_END}
        late = _AT_END if not self._begun else event.rest.keys()
        self._rest.update({name: value for name, value in event.rest.items() if name in late})
        return self._begin(first)

    def _begin(self, rest: Mapping[str, Json] = NOTHING) -> tuple[WireEvent, ...]:
        if self._begun:
            return ()
        self._begun = True
        return (WireEvent("messageStart", {**rest, "role": "assistant"}),)

    def _stop(self, event: Stopped) -> Iterable[WireEvent]:
        if event.choice == 0:
            self._stopped = event
        return ()

    def _count(self, event: Counted) -> Iterable[WireEvent]:
        self._usage = counted(self._usage, event.usage)
        return ()

    def _remark(self, event: Remark) -> Iterable[WireEvent]:
        if event.protocol != NAME:
            return ()
        return (*self._begin(), WireEvent(event.name or "", event.json))

    def _fail(self, event: Failed) -> Iterable[WireEvent]:
        self._ended = True
        name, body = write_exception(event.failure)
        return (WireEvent(name, body, exception=True),)

    def _end(self, event: Ended) -> Iterable[WireEvent]:
        if not event.complete:
            return self._fail(Failed(Failure(FailureKind.INCOMPLETE, _CUT)))
        written = [*self._begin(), *self._flush()]
        self._ended = True
        protocol, losses = self._started.protocol, self._target.losses
        stop = write_stop(self._stopped.stop if self._stopped else None, protocol, losses, calls=self._called)
        ended: Fields = {"stopReason": stop}
        if _AT_STOP in self._rest:
            ended[_AT_STOP] = self._rest.pop(_AT_STOP)
        written.append(WireEvent("messageStop", ended))
        metadata: Fields = {"metrics": dict(NO_METRICS), **self._rest}
        if self._usage is not None:
            metadata["usage"] = write_usage(self._usage, losses, own=protocol == NAME)
        written.append(WireEvent("metadata", metadata))
        return written

    # ---- its blocks

    def _open(self, event: Open) -> Iterable[WireEvent]:
        if event.choice:
            self._target.losses.meaning((), "more choices", "Converse gives one")
            return ()
        if isinstance(event.block, ToolCall):
            self._called = True
        self._lanes[event.key] = Lane(event.block)
        written = self._begin()
        if self._holds():
            self._queue.append(event.key)
            return written
        return (*written, *self._leave(), *self._enter(event.key))

    def _holds(self) -> bool:
        """True while a call is open."""
        current = self._lanes.get(self._current) if self._current is not None else None
        return current is not None and isinstance(current.block, ToolCall)

    def _enter(self, key: int) -> Iterator[WireEvent]:
        lane = self._lanes[key]
        self._current = key
        yield from self._blocks.start(lane.block)
        for event in lane.waiting:
            yield from self._blocks.more(event)
        lane.waiting.clear()

    def _leave(self) -> Iterable[WireEvent]:
        """The current block is over."""
        if self._current is None:
            return ()
        self._current = None
        return self._blocks.stop()

    def _more(self, event: Delta | Amend) -> Iterable[WireEvent]:
        if event.key == self._current:
            return self._blocks.more(event)
        lane = self._lanes.get(event.key)
        if lane is None:
            return ()
        if event.key in self._queue:
            lane.waiting.append(event)
            return ()
        if isinstance(lane.block, ToolCall):
            self._target.losses.meaning((), f"arguments of {lane.block.name}", "they went on after their end")
            return ()
        # Its block is over on the wire: it goes on as another one.
        lane.block, lane.closed = self._blocks.emptied(lane.block), False
        if self._holds():
            lane.waiting.append(event)
            self._queue.append(event.key)
            return ()
        return (*self._leave(), *self._enter(event.key), *self._blocks.more(event))

    def _close(self, event: Close) -> Iterable[WireEvent]:
        key = event.key
        if key != self._current:
            if key in self._lanes:
                self._lanes[key].closed = True
            return ()
        return [*self._leave(), *self._next()]

    def _next(self) -> Iterator[WireEvent]:
        """Those that waited, up to one that is still open."""
        while self._queue:
            key = self._queue.pop(0)
            yield from self._enter(key)
            if not self._lanes[key].closed and (self._holds() or not self._queue):
                return
            yield from self._leave()

    def _flush(self) -> Iterator[WireEvent]:
        """All that is open, or waits."""
        yield from self._leave()
        while self._queue:
            yield from self._enter(self._queue.pop(0))
            yield from self._leave()


_WRITES: dict[type, Callable[..., Iterable[WireEvent]]] = {
    Open: Writer._open,
    Amend: Writer._more,
    Close: Writer._close,
    Started: Writer._start,
    Stopped: Writer._stop,
    Counted: Writer._count,
    Failed: Writer._fail,
    Ended: Writer._end,
    Remark: Writer._remark,
}
"""What is done about each kind. One table for all: bound to each of them, it would hold what holds it."""
