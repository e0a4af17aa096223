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
from tokentape.protocols.canonical.parts import Refusal, Text
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


class Writer:
    """Writes one stream. Calls wait until they are whole: their arguments go out as an object."""

    def __init__(self, target: Target) -> None:
        asked = target.asked
        self._losses = target.losses
        self._generate = is_generate(asked.origin if asked else None)
        self._protocol = ""
        self._model = (asked.model if asked else None) or target.model or ""
        self._created: str | None = None
        self._rest: Fields = {}
        self._fields: dict[int, str] = {}
        self._calls: dict[int, tuple[ToolCall, list[str]]] = {}
        self._part: dict[int, int] = {}
        self._index = 0
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self._others: set[int] = set()
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
                return self._call(key)
            case Amend():
                return self._amend(event)
            case Failed():
                self._over = True
                return [WireEvent("", failure_body(event.failure))]
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
        key, block = opened.key, opened.block
        if opened.choice:
            self._others.add(key)
            self._losses.meaning(("choices", opened.choice), "another answer", "there is one answer")
            return []
        match block:
            case ToolCall():
                self._calls[key] = (block, [block.arguments])
                return []
            case Text() | Refusal():
                self._fields[key] = "content"
            case Reasoning():
                self._fields[key] = "thinking"
        return self._whole(block)

    def _whole(self, block: Block) -> list[WireEvent]:
        """What a block says as it begins."""
        if isinstance(block, Reasoning):
            said = "\n\n".join(thought_of(block, self._losses))
            return [self._line({"thinking": said})] if said else []
        content = Content(self._losses, "")
        content.add(block.parts if isinstance(block, Message) else _parts(block), block.origin)
        told: Fields = {"content": content.text} if content.text else {}
        if content.images:
            told["images"] = content.images
        return [self._line(told)] if told else []

    def _delta(self, delta: Delta) -> list[WireEvent]:
        name = self._fields.get(delta.key)
        if name is None:
            if delta.key in self._calls:
                self._calls[delta.key][1].append(delta.text)
            return []
        said = delta.text
        if delta.part is not None and self._part.get(delta.key, delta.part) != delta.part:
            said = "\n\n" + said
        if delta.part is not None:
            self._part[delta.key] = delta.part
        return [self._line({name: said})] if said else []

    def _amend(self, amend: Amend) -> list[WireEvent]:
        if amend.key in self._others:
            return []
        if amend.key in self._calls and amend.name in ("id", "name", "arguments"):
            call, pieces = self._calls[amend.key]
            if amend.name == "arguments":
                pieces.clear()
            self._calls[amend.key] = (replace(call, **{amend.name: amend.value}), pieces)  # type: ignore[arg-type]
            return []
        if amend.name == "logprobs":
            found = fitting_logprobs((amend.value,), self._losses)  # type: ignore[arg-type]
            line: Fields = {**self._head(), **self._told({}), "logprobs": found, "done": False}
            return [WireEvent("", line)] if found else []
        self._losses.tuning((), amend.name, "there is no place for it")
        return []

    def _call(self, key: int) -> list[WireEvent]:
        """A call that is whole."""
        found = self._calls.pop(key, None)
        if found is None:
            return []
        call, pieces = found
        written = written_call(replace(call, arguments="".join(pieces)), self._losses, self._index)
        self._index += 1
        if self._generate:
            self._losses.meaning(call.origin, "tool_calls", "a reply to a prompt has text only")
            return []
        return [self._line({"tool_calls": [written]})]

    def _end(self, *, complete: bool) -> list[WireEvent]:
        if not complete:
            self._over = True
            return [WireEvent("", {"error": _CUT})]
        lines = [line for key in tuple(self._calls) for line in self._call(key)]
        self._over = True
        own = self._protocol == NAME
        last: Fields = {**self._rest, **self._head(), **self._told({}), "done": True}
        reason = written_stop(self._stop, self._losses, own=own)
        if reason is not None:
            last["done_reason"] = reason
        if self._usage is not None:
            last.update(written_usage(self._usage, self._losses, own=own))
        return [*lines, WireEvent("", last)]


_RESPONSE = {"content": "response"}


def _parts(block: Block) -> tuple[Part, ...]:
    """A block that is a part."""
    return () if isinstance(block, Reasoning | ToolCall | ToolResult | ServerTool | Message) else (block,)
