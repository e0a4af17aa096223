"""ConverseStream, event by event (API reference, "ConverseStreamOutput").

Blocks are told apart by `contentBlockIndex`. Texts and thoughts have no start of their own: their first
delta opens them. `metadata` is the end, and so is an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.failures import read_exception
from tokentape.protocols.bedrock_converse.media import NAME, media_type_of
from tokentape.protocols.bedrock_converse.merging import inner
from tokentape.protocols.bedrock_converse.read_content import SERVER_TOOLS, citation_of
from tokentape.protocols.bedrock_converse.read_reply import sequence_of
from tokentape.protocols.bedrock_converse.stops import read_stop
from tokentape.protocols.bedrock_converse.usage import usage
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
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Opaque, rest_of
from tokentape.protocols.canonical.parts import Image, Inline, Text, Unknown
from tokentape.protocols.checking import Where
from tokentape.protocols.folding import grown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ROOT = Where(NAME)
_PADDING = "p"
_START = frozenset({"role", _PADDING})
_STOP = frozenset({"stopReason", _PADDING})
_METADATA = frozenset({"usage", _PADDING})
_MESSAGE = Message(Role.ASSISTANT, ())
"""Whose parts texts, pictures and unknown blocks are."""


class Reader:
    """Reads one stream."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._maker = source.maker(None)
        self._open: dict[int, Block | None] = {}
        self._keys: dict[int, int] = {}
        self._next = 0
        self._formats: dict[int, str] = {}
        self._called = False
        self._ended = False

    def read(self, payload: Payload) -> Iterable[Event]:
        """The canonical events of the next wire event. Raises `ProtocolError`."""
        name = payload.name or ""
        where = _ROOT.at(name or "event")
        fields = payload.json
        if not isinstance(fields, dict):
            where.wrong("the event is no JSON object")
        if self._ended:
            return ()
        reads = _READS.get(name)
        if reads is not None:
            return reads(self, fields, where)
        if name.endswith(("Exception", "Error")):
            self._ended = True
            return (Failed(read_exception(name, fields)), Ended(False))
        return (Remark(NAME, name, fields),)

    def end(self) -> Iterable[Event]:
        """The connection ended."""
        if self._ended:
            return ()
        self._ended = True
        return (Ended(False),)

    def _begin(self, event: Fields, where: Where) -> Iterable[Event]:
        where.text(event.get("role"), "role")
        return (Started(NAME, model=self._source.model, rest=rest_of(event, _START)),)

    def _start(self, event: Fields, where: Where) -> Iterable[Event]:
        key = _index(event, where)
        start = where.fields(event.get("start"), "start")
        for kind in ("toolUse", "toolResult", "image"):
            if start.get(kind) is not None:
                told = where.fields(start[kind], "start", kind)
                return self._started(key, kind, told, where.at("start", kind))
        return self._opened(key, Unknown(NAME, start))

    def _started(self, key: int, kind: str, told: Fields, where: Where) -> Iterable[Event]:
        if kind == "image":
            self._formats[key] = where.text(told.get("format"), "format")
            return ()
        if kind == "toolResult":
            return self._opened(key, ServerTool(NAME, str(told.get("type")), {kind: {**told, "content": []}}))
        name = where.text(told.get("name"), "name")
        if told.get("type") is not None:
            return self._opened(key, ServerTool(NAME, SERVER_TOOLS.get(name, name), {kind: told}, ""))
        self._called = True
        return self._opened(key, ToolCall(where.text(told.get("toolUseId"), "toolUseId"), name, ""))

    def _opened(self, index: int, block: Block) -> Iterable[Event]:
        """The block begins; one that was open under the same number is over. The number is its key, unless
        another block had it.
        """
        is_open = self._open.get(index) is not None
        before: tuple[Event, ...] = (Close(self._keys[index]),) if is_open else ()
        self._open[index] = block
        key = self._keys[index] = index if index >= self._next else self._next
        self._next = key + 1
        if isinstance(block, Text | Image | Unknown):
            return (*before, Open(key, block, 0, _MESSAGE))
        return (*before, Open(key, block))

    def _delta(self, event: Fields, where: Where) -> Iterable[Event]:
        index = event.get("contentBlockIndex")
        if type(index) is not int:
            index = _index(event, where)
        delta = where.fields(event.get("delta"), "delta")
        text = delta.get("text")
        block = self._open.get(index)
        if text is not None:
            text = where.text(text, "delta", "text")
            if type(block) is Text:
                return (Delta(self._keys[index], text),)
            return self._opened(index, Text(text))
        use = delta.get("toolUse")
        if use is not None:
            given = where.fields(use, "delta", "toolUse").get("input")
            said = where.text(given, "delta", "toolUse", "input") if given is not None else ""
            if not isinstance(block, ToolCall | ServerTool):
                where.wrong("input for a block that calls no tool", "delta", "toolUse")
            return (Delta(self._keys[index], said),)
        for kind, reads in _KINDS.items():
            if delta.get(kind) is not None:
                return reads(self, index, delta[kind], where.at("delta", kind))
        return (Remark(NAME, "contentBlockDelta", event),)

    def thought(self, index: int, value: Json, where: Where) -> Iterable[Event]:
        """A piece of a thought, its signature, or a redacted thought."""
        told = where.fields(value)
        events: list[Event] = []
        if not isinstance(self._open.get(index), Reasoning):
            events += self._opened(index, Reasoning())
        key = self._keys[index]
        if told.get("text") is not None:
            events.append(Delta(key, where.text(told["text"], "text")))
        for name, kind in (("signature", "signature"), ("redactedContent", "redacted")):
            if told.get(name) is not None:
                blob = Opaque(kind, where.text(told[name], name), self._maker)
                events.append(Amend(key, "opaque", blob))
        return events

    def cited(self, index: int, value: Json, where: Where) -> Iterable[Event]:
        """One more source of a text."""
        citation = citation_of(where.fields(value), where)
        before = () if isinstance(self._open.get(index), Text) else self._opened(index, Text(""))
        return (*before, Amend(self._keys[index], "citations", citation))

    def picture(self, index: int, value: Json, where: Where) -> Iterable[Event]:
        """A picture, which comes at once."""
        source = where.fields(value).get("source")
        data = source.get("bytes") if isinstance(source, dict) else None
        if not isinstance(data, str):
            told: Fields = {"contentBlockIndex": index, "delta": {"image": value}}
            return (Remark(NAME, "contentBlockDelta", told),)
        media_type = media_type_of("image", self._formats.get(index, "png"))
        return self._opened(index, Image(Inline(media_type, data)))

    def result(self, index: int, value: Json, where: Where) -> Iterable[Event]:
        """More of what a tool of Bedrock's own gave back."""
        block = self._open.get(index)
        if not isinstance(block, ServerTool) or not isinstance(block.json, dict):
            where.wrong("a result for a block that is none")
        json = grown(block.json, {"toolResult": {"content": where.entries(value)}})
        self._open[index] = ServerTool(NAME, block.kind, json, block.arguments)
        return (Amend(self._keys[index], "json", json),)

    def _stop(self, event: Fields, where: Where) -> Iterable[Event]:
        index = _index(event, where)
        if self._open.pop(index, None) is None:
            return ()
        return (Close(self._keys[index]),)

    def _finish(self, event: Fields, where: Where) -> Iterable[Event]:
        raw = where.text_or_none(event.get("stopReason"), "stopReason")
        rest = rest_of(event, _STOP)
        stop = read_stop(raw, sequence_of(event.get("additionalModelResponseFields")), calls=self._called)
        begun: tuple[Event, ...] = (Started(NAME, rest=rest),) if rest else ()
        return (*begun, Stopped(stop))

    def _counts(self, event: Fields, where: Where) -> Iterable[Event]:
        self._ended = True
        events: list[Event] = []
        inner(event, "usage", where)
        if rest := rest_of(event, _METADATA):
            events.append(Started(NAME, rest=rest))
        if (counted := usage(event)) is not None:
            events.append(Counted(counted))
        return (*events, Ended(True))


def _index(event: Fields, where: Where) -> int:
    found = where.integer_or_none(event.get("contentBlockIndex"), "contentBlockIndex")
    if found is None:
        where.wrong("the event says of no block", "contentBlockIndex")
    return found


_KINDS: dict[str, Callable[[Reader, int, Json, Where], Iterable[Event]]] = {
    "reasoningContent": Reader.thought,
    "citation": Reader.cited,
    "image": Reader.picture,
    "toolResult": Reader.result,
}


_READS: dict[str, Callable[[Reader, Fields, Where], Iterable[Event]]] = {
    "contentBlockDelta": Reader._delta,
    "contentBlockStart": Reader._start,
    "contentBlockStop": Reader._stop,
    "messageStart": Reader._begin,
    "messageStop": Reader._finish,
    "metadata": Reader._counts,
}
"""What is done about each kind. One table for all: bound to each of them, it would hold what holds it."""
