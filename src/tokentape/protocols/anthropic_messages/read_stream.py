"""A Messages stream as canonical events (API reference, "Streaming messages")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.failures import read_failure
from tokentape.protocols.anthropic_messages.incoming_block import IncomingBlock
from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.read_content import (
    citation_of,
    is_server_tool,
    items_of,
    server_kind,
)
from tokentape.protocols.anthropic_messages.read_reply import KNOWN
from tokentape.protocols.anthropic_messages.stops import stop_of, with_calls
from tokentape.protocols.anthropic_messages.usage import usage
from tokentape.protocols.arguments import arguments_text
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
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Opaque, rest_of
from tokentape.protocols.canonical.parts import Unknown
from tokentape.protocols.checking import Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.codec import Source
    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

SPEAKS = Message(Role.ASSISTANT, ())
"""The message that all parts of a reply belong to."""

_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_EVENT = frozenset({"type", "delta", "usage"})
_WHERE = Where(NAME)


class Reader:
    """Wire events in, canonical events out. The index of a block is its key; where a server gives an
    index again, that is another block all the same.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._maker: Maker | None = None
        self._open: dict[int, IncomingBlock] = {}
        self._next = 0
        self._calls = False
        self._counts: Fields = {}
        self._message: Fields = {}
        self._over = False

    def read(self, payload: Payload) -> Iterable[Event]:
        """The canonical events of the next wire event. Raises `ProtocolError`."""
        event = payload.json
        if not isinstance(event, dict):
            if self._over or payload.is_done:
                return ()
            _WHERE.wrong("the event is no JSON object")
        kind = event.get("type")
        if self._over:
            return ()
        if kind == "content_block_delta":
            return self._delta(event)
        try:
            return tuple(self._read(kind, event, payload.name))
        except RecursionError:
            _WHERE.wrong("nested too deeply")

    def end(self) -> Iterable[Event]:
        """The connection ended."""
        if self._over:
            return ()
        self._over = True
        return (Ended(False),)

    def _read(self, kind: Json, event: Fields, name: str | None) -> Iterator[Event]:
        match kind:
            case "content_block_start":
                yield from self._start(event)
            case "content_block_stop":
                yield from self._stop(event)
            case "ping":
                yield Ping()
            case "message_start":
                yield from self._begin(_WHERE.fields(event.get("message"), "message"))
            case "message_delta":
                yield from self._finish(event)
            case "message_stop":
                self._over = True
                yield Ended(True)
            case "error":
                self._over = True
                yield Failed(read_failure(None, event))
                yield Ended(False)
            case _:
                if name == "error":
                    self._over = True
                    yield Failed(read_failure(None, event))
                    yield Ended(False)
                else:
                    _WHERE.text(kind, "type")
                    yield Remark(NAME, name, event)

    def _begin(self, message: Fields) -> Iterator[Event]:
        where = _WHERE.at("message")
        model = where.text_or_none(message.get("model"), "model") or self._source.model
        self._maker = self._source.maker(model)
        self._message = message
        given = where.text_or_none(message.get("id"), "id")
        rest = dict(rest_of(message, KNOWN))
        if message.get("usage") is not None:
            # The output of the start is a first guess, not a count.
            counts = dict(where.fields(message["usage"], "usage"))
            if "output_tokens" in counts:
                rest["usage"] = {"output_tokens": counts.pop("output_tokens")}
            self._counts = counts
        yield Started(NAME, given, model, rest=rest)
        if self._counts:
            yield from self._counted()

    def _counted(self) -> Iterator[Event]:
        found = usage({**self._message, "usage": self._counts})
        if found is not None:
            yield Counted(found)

    def _finish(self, event: Fields) -> Iterator[Event]:
        delta = event.get("delta")
        told: Fields = {} if delta is None else _WHERE.fields(delta, "delta")
        counts = event.get("usage")
        if counts is not None:
            known = {name: n for name, n in _WHERE.fields(counts, "usage").items() if n is not None}
            self._counts = {**_WHERE.fields(counts, "usage"), **self._counts, **known}
            yield from self._counted()
        rest = {**rest_of(told, KNOWN), **rest_of(event, _EVENT)}
        if rest:
            yield Started(NAME, rest=rest)
        stop = with_calls(stop_of(told, _WHERE.at("delta")), calls=self._calls)
        if stop is not None:
            yield Stopped(stop)

    def _start(self, event: Fields) -> Iterator[Event]:
        index = _index(event)
        block = _WHERE.fields(event.get("content_block"), "content_block")
        yield from self._stop(event)
        key = index if index >= self._next else self._next
        self._next = key + 1
        kept = self._open[index] = IncomingBlock(block.get("type"), key)
        found = self._opened(block, kept)
        shell = None if isinstance(found, Reasoning | ToolCall | ServerTool) else SPEAKS
        yield Open(key, found, 0, shell)

    def _opened(self, block: Fields, kept: IncomingBlock) -> Block:
        where = _WHERE.at("content_block")
        kind = where.text(block.get("type"), "type")
        begun = block
        if kind == "thinking":
            kept.signature.append(where.text_or_none(block.get("signature"), "signature") or "")
            begun = {name: value for name, value in block.items() if name != "signature"}
            begun["thinking"] = block.get("thinking") or ""
        elif kind == "tool_use" or (is_server_tool(kind) and block.get("input") is not None):
            given = where.fields(block.get("input", {}), "input")
            kept.given = arguments_text(given, where, "input")
            begun = {**block, "input": {}}
        item = items_of([begun], Role.ASSISTANT, where, None, self._made_by)[0]
        if isinstance(item, ToolCall):
            self._calls = True
            return ToolCall(item.id, item.name, "", cache=item.cache, origin=item.origin)
        if isinstance(item, ServerTool):
            if item.arguments is None:
                return item
            return ServerTool(NAME, server_kind(block), item.json, "", item.origin)
        if not isinstance(item, Message):
            return item
        part = item.parts[0]
        if isinstance(part, Unknown):
            kept.json = dict(block)
        return part

    @property
    def _made_by(self) -> Maker:
        return self._maker or self._source.maker(None)

    def _delta(self, event: Fields) -> Iterable[Event]:
        index = event.get("index")
        delta = event.get("delta")
        if not isinstance(delta, dict):
            _WHERE.fields(delta, "delta")
            return ()
        if type(index) is not int or index not in self._open:
            _WHERE.wrong("no such block is open", "index")
        block = self._open[index]
        kind = delta.get("type")
        if block.json is not None:
            block.grow(delta)
            return ()
        field = _TEXTS.get(kind) if isinstance(kind, str) else None
        if field is not None and field == block.field:
            text = delta.get(field)
            if not isinstance(text, str):
                _WHERE.text(text, "delta", field)
                return ()
            if not text:
                return ()
            block.told = True
            return (Delta(block.key, text),)
        return self._other_delta(block, event, delta)

    def _other_delta(self, block: IncomingBlock, event: Fields, delta: Fields) -> Iterable[Event]:
        where = _WHERE.at("delta")
        kind = where.text(delta.get("type"), "type")
        if kind == "signature_delta":
            block.signature.append(where.text(delta.get("signature"), "signature"))
            return ()
        if kind == "citations_delta":
            told = where.fields(delta.get("citation"), "citation")
            return (Amend(block.key, "citations", citation_of(told)),)
        return (Remark(NAME, "content_block_delta", event),)

    def _stop(self, event: Fields) -> Iterator[Event]:
        index = _index(event)
        block = self._open.pop(index, None)
        if block is None:
            # A refusal may end a block that never began (case 14).
            return
        key = block.key
        if signature := "".join(block.signature):
            yield Amend(key, "opaque", Opaque("signature", signature, self._made_by))
        if block.given and not block.told:
            yield Delta(key, block.given)
        if block.json is not None:
            yield Amend(key, "json", block.whole())
        yield Close(key)


def _index(event: Fields) -> int:
    index = event.get("index")
    if type(index) is int:
        return index
    found = _WHERE.integer_or_none(index, "index")
    return 0 if found is None else found
