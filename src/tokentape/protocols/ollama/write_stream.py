"""Canonical events as a stream of `/api/chat` or `/api/generate`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.codec import WireEvent
from tokentape.protocols.ollama.content import Content
from tokentape.protocols.ollama.failures import failure_body
from tokentape.protocols.ollama.form import NAME, is_generate, time_of
from tokentape.protocols.ollama.messages import thought_of
from tokentape.protocols.ollama.stops import written_stop
from tokentape.protocols.ollama.tools import written_call
from tokentape.protocols.ollama.write_reply import fitting_logprobs, written_usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CUT = "the stream ended before its own end"


class _Block:
    """A block while it comes in: the field it is told in, and what was not told yet."""

    __slots__ = ("call", "closed", "field", "part", "pieces")

    def __init__(self, field: str, call: ToolCall | None = None) -> None:
        self.field = field
        self.call = call
        self.pieces: list[str] = []
        self.part: int | None = None
        self.closed = False


class Writer:
    """Writes one stream.

    Lines do not say of which block they are. So of blocks that are open at once the first is told as it
    comes and the others wait for it, thoughts for thoughts, texts for texts. Calls wait until they are
    whole: their arguments go out as an object.
    """

    def __init__(self, target: Target) -> None:
        asked = target.asked
        self._losses = target.losses
        self._generate = is_generate(asked.origin if asked else None)
        self._protocol = ""
        self._model = (asked.model if asked else None) or target.model or ""
        self._created: str | None = None
        self._rest: Fields = {}
        self._blocks: dict[int, _Block] = {}
        self._lanes: dict[str, list[_Block]] = {"thinking": [], "content": [], "tool_calls": []}
        self._index = 0
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self._over = False

    def write(self, event: Event) -> list[WireEvent]:
        """The lines that say it."""
        if self._over:
            return []
        if type(event) is Delta:
            return self._delta(event)
        match event:
            case Open():
                return self._begin(event)
            case Close(key=key):
                return self._close(key)
            case Amend():
                return self._amend(event)
            case Failed():
                return self._fail(failure_body(event.failure))
            case Ended():
                return self._end(complete=event.complete)
            case _:
                self._note(event)
        return []

    def _note(self, event: Event) -> None:
        """What is told at the end, or in every line."""
        match event:
            case Started():
                self._start(event)
            case Stopped():
                self._stop = event.stop if event.choice == 0 else self._stop
            case Counted():
                self._usage = counted(self._usage, event.usage)
            case _:
                pass

    def _start(self, started: Started) -> None:
        self._protocol = started.protocol
        self._model = started.model or self._model
        if started.created is not None or self._created is None:
            self._created = time_of(started.created)
        if started.protocol == NAME:
            self._rest = {**self._rest, **started.rest}

    def _line(self, message: Fields) -> WireEvent:
        return WireEvent("", {**self._head(), **self._told(message), "done": False})

    def _head(self) -> Fields:
        if self._created is None:
            self._created = time_of(None)
        return {"model": self._model, "created_at": self._created}

    def _told(self, message: Fields) -> Fields:
        if self._generate:
            return {"response": "", **{_RESPONSE.get(name, name): value for name, value in message.items()}}
        return {"message": {"role": "assistant", "content": "", **message}}

    def _begin(self, opened: Open) -> list[WireEvent]:
        block = opened.block
        if opened.choice:
            self._losses.meaning(("choices", opened.choice), "another answer", "there is one answer")
            return []
        match block:
            case ToolCall():
                return self._add(opened.key, _Block("tool_calls", block), block.arguments)
            case Reasoning():
                return self._add(opened.key, _Block("thinking"), "\n\n".join(thought_of(block, self._losses)))
            case _:
                return self._whole(opened.key, block)

    def _whole(self, key: int, block: Block) -> list[WireEvent]:
        """A part, or a message: its text may go on, its pictures are whole."""
        content = Content(self._losses, "")
        content.add(block.parts if isinstance(block, Message) else _parts(block), block.origin)
        lines = [self._line({"images": content.images})] if content.images else []
        return [*lines, *self._add(key, _Block("content"), content.text)]

    def _add(self, key: int, block: _Block, said: str) -> list[WireEvent]:
        self._blocks[key] = block
        self._lanes[block.field].append(block)
        return self._say(block, said) if said else []

    def _delta(self, delta: Delta) -> list[WireEvent]:
        block = self._blocks.get(delta.key)
        if block is None or not delta.text:
            return []
        said = delta.text
        if delta.part is not None:
            if block.part not in (None, delta.part):
                said = "\n\n" + said
            block.part = delta.part
        return self._say(block, said)

    def _say(self, block: _Block, said: str) -> list[WireEvent]:
        if block.call is None and self._lanes[block.field][0] is block:
            return [self._line({block.field: said})]
        block.pieces.append(said)
        return []

    def _close(self, key: int) -> list[WireEvent]:
        block = self._blocks.pop(key, None)
        if block is None:
            return []
        block.closed = True
        return self._advance(self._lanes[block.field])

    def _advance(self, lane: list[_Block]) -> list[WireEvent]:
        """Tell what waits, up to the first block that is still open."""
        lines: list[WireEvent] = []
        while lane:
            block = lane[0]
            if block.call is None and block.pieces:
                lines.append(self._line({block.field: "".join(block.pieces)}))
                block.pieces.clear()
            if not block.closed:
                break
            del lane[0]
            if block.call is not None:
                lines += self._call(replace(block.call, arguments="".join(block.pieces)))
        return lines

    def _call(self, call: ToolCall) -> list[WireEvent]:
        if self._generate:
            self._losses.meaning(call.origin, "tool_calls", "a reply to a prompt has text only")
            return []
        written = written_call(call, self._losses, self._index)
        self._index += 1
        return [self._line({"tool_calls": [written]})]

    def _amend(self, amend: Amend) -> list[WireEvent]:
        block = self._blocks.get(amend.key)
        if block is None:
            return []
        if amend.name == "logprobs":
            found = fitting_logprobs((amend.value,), self._losses)  # type: ignore[arg-type]
            line: Fields = {**self._head(), **self._told({}), "logprobs": found, "done": False}
            return [WireEvent("", line)] if found else []
        if block.call is not None and amend.name in _OF_CALLS:
            if amend.name == "arguments":
                block.pieces.clear()
            block.call = replace(block.call, **{amend.name: amend.value})  # type: ignore[arg-type]
            return []
        self._losses.tuning((), amend.name, "there is no place for it")
        return []

    def _fail(self, body: Fields) -> list[WireEvent]:
        """The stream ends with an error, behind what was said. A call that was cut is none."""
        lines = [line for name in ("thinking", "content") for line in self._flush(self._lanes[name])]
        for block in self._lanes["tool_calls"]:
            what = block.call.origin if block.call else None
            self._losses.meaning(what, "tool call", "it was cut before it was whole")
        self._over = True
        return [*lines, WireEvent("", body)]

    def _flush(self, lane: list[_Block]) -> list[WireEvent]:
        for block in lane:
            block.closed = True
        return self._advance(lane)

    def _end(self, *, complete: bool) -> list[WireEvent]:
        if not complete:
            return self._fail({"error": _CUT})
        lines = [line for lane in self._lanes.values() for line in self._flush(lane)]
        self._over = True
        own = self._protocol == NAME
        last: Fields = {**self._rest, **self._head(), **self._told({}), "done": True}
        reason = written_stop(self._stop, self._losses, own=own)
        if reason is not None:
            last["done_reason"] = reason
        if self._usage is not None:
            last.update(written_usage(self._usage, self._losses, own=own))
        return [*lines, WireEvent("", last)]


_OF_CALLS = frozenset({"id", "name", "arguments", "item_id"})
_RESPONSE = {"content": "response"}


def _parts(block: Block) -> tuple[Part, ...]:
    """A block that is a part."""
    return () if isinstance(block, Reasoning | ToolCall | ToolResult | ServerTool | Message) else (block,)
