"""Canonical events as a stream of chat, version 2."""

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
    Started,
    Stopped,
)
from tokentape.protocols.canonical.fold import counted
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Citation, Refusal, Text, Unknown
from tokentape.protocols.codec import HEARTBEAT, WireEvent
from tokentape.protocols.cohere.citations import written_citation
from tokentape.protocols.cohere.form import NAME
from tokentape.protocols.cohere.stops import written_stop
from tokentape.protocols.cohere.tools import note_call
from tokentape.protocols.cohere.write_message import is_plan
from tokentape.protocols.cohere.write_reply import fitting_logprobs, written_usage
from tokentape.protocols.minting import minted, seed_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CUT = "the stream ended before its own end"


class _Block:
    """A block that is open: its kind ("text", "thinking", "plan", "call") and index."""

    __slots__ = ("index", "kind", "part", "said")

    def __init__(self, kind: str, index: int) -> None:
        self.kind = kind
        self.index = index
        self.part: int | None = None
        self.said: list[str] = []


class Writer:
    """Writes one stream. Parts and calls are told by index, so that they may be open at once; the plan
    is one, and what is open at the end is closed.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._losses = target.losses
        self._started: Started | None = None
        self._begun = False
        self._blocks: dict[int, _Block] = {}
        self._texts: dict[int, _Block] = {}
        self._next = {"content": 0, "call": 0, "citation": 0}
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self._over = False

    def write(self, event: Event) -> list[WireEvent]:
        """The events that say it."""
        if self._over:
            return []
        if type(event) is Delta:
            block = self._blocks.get(event.key)
            return [] if block is None or not event.text else [self._delta(block, event)]
        match event:
            case Open():
                return self._begin() + self._open(event)
            case Close(key=key):
                block = self._blocks.pop(key, None)
                return [] if block is None else self._close(block)
            case Amend():
                return self._amend(event)
            case Failed():
                return self._fail(event.failure.message)
            case Ended():
                return self._end() if event.complete else self._fail(_CUT)
            case _:
                return self._note(event)

    def _note(self, event: Event) -> list[WireEvent]:
        match event:
            case Started():
                self._started = event
                return self._begin() if event.id else []
            case Stopped():
                self._stop = event.stop if event.choice == 0 else self._stop
            case Counted():
                self._usage = counted(self._usage, event.usage)
            case Ping():
                return [HEARTBEAT]
            case _:
                pass
        return []

    def _begin(self) -> list[WireEvent]:
        """`message-start`, once."""
        if self._begun:
            return []
        self._begun = True
        told = self._started or Started("")
        rest = told.rest if told.protocol == NAME else {}
        message: Fields = {
            "role": "assistant",
            "content": [],
            "tool_plan": "",
            "tool_calls": [],
            "citations": [],
        }
        given = told.id or minted("", told.model, told.created)
        return [_event("message-start", {**rest, "id": given, "delta": {"message": message}})]

    def _open(self, opened: Open) -> list[WireEvent]:
        if opened.choice:
            self._losses.meaning(("choices", opened.choice), "another answer", "there is one answer")
            return []
        block = opened.block
        match block:
            case Text() | Refusal():
                return self._text(opened.key, block)
            case Reasoning():
                return self._thought(opened.key, block)
            case ToolCall():
                return self._call(opened.key, block)
            case Message():
                return [event for part in block.parts for event in self._open(Open(opened.key, part))]
            case ServerTool() | ToolResult() | Unknown():
                return []
            case _:
                what = type(block).__name__.lower()
                self._losses.meaning(block.origin, what, "a reply has text, thoughts and calls")
                return []

    def _add(self, key: int, kind: str) -> _Block:
        lane = "call" if kind == "call" else "content"
        block = self._blocks[key] = _Block(kind, self._next[lane])
        if kind != "plan":
            self._next[lane] += 1
        return block

    def _text(self, key: int, begun: Text | Refusal) -> list[WireEvent]:
        block = self._texts[key] = self._add(key, "text")
        if isinstance(begun, Refusal):
            self._losses.tuning(begun.origin, "refusal", "it is told as text")
        written = [_content("content-start", block.index, {"type": "text", "text": ""})]
        if begun.text:
            written.append(self._delta(block, Delta(key, begun.text)))
        for name in ("citations", "logprobs"):
            for value in getattr(begun, name, None) or ():
                written += self._amend(Amend(key, name, value))
        return written

    def _thought(self, key: int, begun: Reasoning) -> list[WireEvent]:
        for blob in begun.opaque:
            self._losses.tuning(begun.origin, blob.kind.replace("_", " "), "there is no place for it")
        block = self._add(key, "plan" if is_plan(begun.origin) else "thinking")
        written: list[WireEvent] = []
        if block.kind == "thinking":
            written.append(_content("content-start", block.index, {"type": "thinking", "thinking": ""}))
        if thought := begun.text or "\n\n".join(begun.summary):
            written.append(self._delta(block, Delta(key, thought)))
        return written

    def _call(self, key: int, begun: ToolCall) -> list[WireEvent]:
        note_call(begun, self._losses)
        block = self._add(key, "call")
        given = begun.id or minted("call_", seed_of(self._started, self._target), block.index, begun.name)
        function: Fields = {"name": begun.name, "arguments": ""}
        call: Fields = {"id": given, "type": "function", "function": function}
        written = [
            _event("tool-call-start", {"index": block.index, "delta": {"message": {"tool_calls": call}}})
        ]
        if begun.arguments:
            written.append(self._delta(block, Delta(key, begun.arguments)))
        return written

    def _delta(self, block: _Block, delta: Delta) -> WireEvent:
        said = delta.text
        if delta.part is not None:
            if block.part not in (None, delta.part):
                said = "\n\n" + said
            block.part = delta.part
        block.said.append(said)
        if block.kind == "call":
            call: Fields = {"function": {"arguments": said}}
            return _event(
                "tool-call-delta", {"index": block.index, "delta": {"message": {"tool_calls": call}}}
            )
        if block.kind == "plan":
            return _event("tool-plan-delta", {"delta": {"message": {"tool_plan": said}}})
        return _content("content-delta", block.index, {block.kind: said})

    def _close(self, block: _Block) -> list[WireEvent]:
        if block.kind == "plan":
            return []
        if block.kind != "call":
            return [_event("content-end", {"index": block.index})]
        written = [] if block.said else [self._delta(block, Delta(0, "{}"))]  # case 11
        return [*written, _event("tool-call-end", {"index": block.index})]

    def _amend(self, amend: Amend) -> list[WireEvent]:
        block = self._texts.get(amend.key)
        if block is not None and isinstance(amend.value, Citation):
            return self._cite(block, amend.value)
        if block is not None and amend.name == "logprobs":
            return [
                _event(
                    "content-delta",
                    {"index": block.index, "delta": _message("content", {"text": ""}), "logprobs": entry},
                )
                for entry in fitting_logprobs((amend.value,), self._losses)  # type: ignore[arg-type]
            ]
        if amend.key in self._blocks:
            self._losses.tuning((), amend.name, "there is no place for it")
        return []

    def _cite(self, block: _Block, citation: Citation) -> list[WireEvent]:
        text = "" if citation.protocol == NAME else "".join(block.said)
        told = written_citation(citation, text, block.index, None, self._losses)
        if told is None:
            return []
        index = self._next["citation"]
        self._next["citation"] += 1
        return [
            _event("citation-start", {"index": index, "delta": _message("citations", told)}),
            _event("citation-end", {"index": index}),
        ]

    def _closed(self) -> list[WireEvent]:
        blocks = tuple(self._blocks.values())
        self._blocks.clear()
        return [event for block in blocks for event in self._close(block)]

    def _end(self) -> list[WireEvent]:
        written = self._begin() + self._closed()
        is_own = self._started is not None and self._started.protocol == NAME
        delta: Fields = {}
        word = written_stop(self._stop, self._losses, is_own=is_own)
        if word is not None:
            delta["finish_reason"] = word
        if self._usage is not None:
            delta["usage"] = written_usage(self._usage, self._losses, is_own=is_own)
        self._over = True
        return [*written, _event("message-end", {"delta": delta}), WireEvent("", raw="[DONE]")]

    def _fail(self, message: str) -> list[WireEvent]:
        """The message ends with an error, and what is open stays so: it is not whole."""
        written = self._begin()
        delta: Fields = {"finish_reason": "ERROR", "error": message}
        if self._usage is not None:
            delta["usage"] = written_usage(self._usage, self._losses, is_own=False)
        self._over = True
        return [*written, _event("message-end", {"delta": delta})]


def _event(name: str, told: Fields) -> WireEvent:
    return WireEvent(name, {"type": name, **told})


def _message(name: str, value: Json) -> Fields:
    return {"message": {name: value}}


def _content(name: str, index: int, content: Fields) -> WireEvent:
    return WireEvent(name, {"type": name, "index": index, "delta": {"message": {"content": content}}})
