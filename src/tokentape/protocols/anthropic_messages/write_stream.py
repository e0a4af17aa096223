"""Canonical events as a Messages stream.

`message_start`, then blocks one after the other with rising indices, then `message_delta` with the reason
and all counts, then `message_stop`. A block ends before the next begins: of calls that come interleaved
the later ones wait for their turn (case 9), and a text or thought that goes on after another block began
goes on in a new block (case 10). An error, or an end that is none, is an `error` event and nothing after
it; the open block stays open, since `content_block_stop` would tell a client to act on half a call.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.counts import written_usage
from tokentape.protocols.anthropic_messages.failures import failure_body
from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.outgoing_block import OutgoingBlock
from tokentape.protocols.anthropic_messages.stops import written_stop
from tokentape.protocols.anthropic_messages.write_content import Blocks
from tokentape.protocols.anthropic_messages.write_reply import call_id, message_id
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
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.codec import HEARTBEAT, WireEvent
from tokentape.protocols.minting import seed_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FROM_THE_START = frozenset({"cache_creation", "service_tier", "inference_geo", "speed"})
"""Fields of `usage` that `message_start` tells, and nothing tells again."""

_OF_THE_DELTA = frozenset({"container", "stop_reason", "stop_sequence", "stop_details"})
"""Fields that are known at the end and stand in `delta`; others stand in `message_delta` itself."""


class Writer:
    """Canonical events in, wire events out."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._head = Started(NAME)
        self._own = False
        self._began = False
        self._over = False
        self._late: Fields = {}
        self._blocks = Blocks(target, None, own=False, unsigned=True, reply=True)
        self._index = 0
        self._current: OutgoingBlock | None = None
        self._known: dict[int, OutgoingBlock] = {}
        self._waiting: deque[OutgoingBlock] = deque()
        self._calls = 0
        self._refused = False
        self._stop: Stop | None = None
        self._usage: Usage | None = None

    def write(self, event: Event) -> Iterable[WireEvent]:
        """The wire events that say it."""
        if type(event) is Delta:
            current = self._current
            if current is not None and current.key == event.key and (fast := current.fast(event.text)):
                return (fast,)
        return () if self._over else tuple(self._write(event))

    def _write(self, event: Event) -> Iterator[WireEvent]:
        match event:
            case Started():
                yield from self._start(event)
                return
            case Counted():
                self._usage = counted(self._usage, event.usage)
                return
            case Stopped():
                if event.choice == 0:
                    self._stop = event.stop
                    yield from self._flush()
                return
            case Failed():
                yield from self._fail(event.failure)
                return
            case Ended(complete=False):
                yield from self._fail(Failure(FailureKind.INCOMPLETE, "the reply ended before its own end"))
                return
            case Ping() if not self._began:
                yield HEARTBEAT  # an event would have to come after `message_start`
                return
        yield from self._begin()
        yield from self._say(event)

    def _say(self, event: Event) -> Iterator[WireEvent]:
        match event:
            case Open():
                yield from self._open(event)
            case Delta() | Amend():
                yield from self._more(event)
            case Close():
                yield from self._close(event.key)
            case Ping():
                yield WireEvent("ping", {"type": "ping"})
            case Remark():
                yield from self._remark(event)
            case Ended():
                yield from self._end()

    def _start(self, event: Started) -> Iterator[WireEvent]:
        if self._began:
            if event.protocol == NAME:
                self._late.update(event.rest)
            return
        head = self._head
        self._head = Started(
            event.protocol, event.id or head.id, event.model or head.model, event.created or head.created,
            {**head.rest, **event.rest},
        )  # fmt: skip
        self._own = event.protocol == NAME
        self._blocks = Blocks(self._target, self._head.model, self._own, unsigned=True, reply=True)
        if not self._own:
            # Our own reader counts right after it starts, and the start tells those counts.
            yield from self._begin()

    def _begin(self) -> Iterator[WireEvent]:
        if self._began:
            return
        self._began = True
        head = self._head
        usage = written_usage(self._usage, own=self._own)
        guessed = head.rest.get("usage") if self._own else None
        if isinstance(guessed, dict):
            usage.update(guessed)
        usage.setdefault("input_tokens", 0)
        usage.setdefault("output_tokens", 0)
        message: Fields = {
            **(head.rest if self._own else {}),
            "id": message_id(head.id, head.model, head.created),
            "type": "message",
            "role": "assistant",
            "model": head.model or self._target.model or "",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        yield WireEvent("message_start", {"type": "message_start", "message": message})

    def _open(self, event: Open) -> Iterator[WireEvent]:
        if event.choice != 0:
            self._target.losses.meaning((), "choices", "Anthropic gives one answer: the others are left out")
            return
        block = event.block
        if isinstance(block, ToolCall):
            self._calls += 1
            if not block.id:
                block = _with_id(block, call_id(seed_of(self._head, self._target), self._calls, block.name))
        self._refused = self._refused or isinstance(block, Refusal)
        yield from self._enter(OutgoingBlock(event.key, block, self._blocks))

    def _enter(self, block: OutgoingBlock) -> Iterator[WireEvent]:
        self._known[block.key] = block
        self._waiting.append(block)
        if self._current is None or self._current.may_end:
            yield from self._leave()
            yield from self._advance()

    def _leave(self) -> Iterator[WireEvent]:
        """The current block ends."""
        current, self._current = self._current, None
        if current is not None:
            yield from current.end()
            current.closed = True
            self._index += current.was_written

    def _more(self, event: Delta | Amend) -> Iterator[WireEvent]:
        block = self._known.get(event.key)
        if block is None:
            return
        if block is not self._current and block.closed:
            again = _again(block.block)
            if again is None:
                if isinstance(event, Delta) and event.text.strip():
                    self._target.losses.meaning((), "arguments", "they go on after the call was whole")
                return
            if isinstance(event, Amend):
                self._target.losses.tuning((), event.name, "it came after its block had ended")
                return
            block = OutgoingBlock(event.key, again, self._blocks)
            yield from self._enter(block)
        if block is self._current:
            yield from block.say(event) if isinstance(event, Delta) else block.amend(event)
        else:
            block.held.append(event)

    def _close(self, key: int) -> Iterator[WireEvent]:
        block = self._known.get(key)
        if block is None:
            return
        if block is not self._current:
            block.closed = True
            return
        yield from self._leave()
        yield from self._advance()

    def _advance(self) -> Iterator[WireEvent]:
        """The next blocks that waited, up to one that is not whole."""
        while self._waiting and self._current is None:
            block = self._waiting.popleft()
            self._current = block
            yield from block.begin(self._index)
            if block.closed or (self._waiting and block.may_end):
                yield from self._leave()

    def _flush(self) -> Iterator[WireEvent]:
        """All blocks end: the model has stopped."""
        if self._current is not None or self._waiting:
            yield from self._begin()
        while self._current is not None or self._waiting:
            yield from self._leave()
            yield from self._advance()

    def _remark(self, event: Remark) -> Iterator[WireEvent]:
        if event.protocol != NAME or not isinstance(event.json, dict):
            return
        json = event.json
        if "index" in json:
            if self._current is None or not self._current.was_written:
                return
            json = {**json, "index": self._current.index}
        kind = json.get("type")
        yield WireEvent(event.name or (kind if isinstance(kind, str) else ""), json)

    def _end(self) -> Iterator[WireEvent]:
        yield from self._flush()
        self._over = True
        delta = written_stop(
            self._stop,
            own=self._own,
            refused=self._refused,
            calls=self._calls > 0,
            losses=self._target.losses,
        )
        delta.setdefault("stop_sequence", None)
        told: Fields = {"type": "message_delta", "delta": delta}
        for name, value in self._late.items():
            (delta if name in _OF_THE_DELTA else told).setdefault(name, value)
        usage = written_usage(self._usage, own=self._own)
        usage.setdefault("output_tokens", 0)
        if self._own:
            usage = {name: value for name, value in usage.items() if name not in _FROM_THE_START}
        told["usage"] = usage
        yield WireEvent("message_delta", told)
        yield WireEvent("message_stop", {"type": "message_stop"})

    def _fail(self, failure: Failure) -> Iterator[WireEvent]:
        self._over, self._current = True, None
        yield WireEvent("error", failure_body(failure))


def _with_id(call: ToolCall, given: str) -> ToolCall:
    from dataclasses import replace

    return replace(call, id=given)


def _again(block: Block) -> Block | None:
    """What a block that goes on after it ended goes on in."""
    if isinstance(block, Text | Refusal):
        return Text("")
    return Reasoning() if isinstance(block, Reasoning) else None
