"""One content block of a stream: its start, its deltas, its stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.write_content import citation_block
from tokentape.protocols.bedrock_converse.write_media import MediaWriter
from tokentape.protocols.canonical.events import Amend, Delta, Started
from tokentape.protocols.canonical.items import Reasoning, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Opaque
from tokentape.protocols.canonical.parts import (
    Audio,
    Citation,
    Document,
    Image,
    Refusal,
    Text,
    Unknown,
    Video,
)
from tokentape.protocols.codec import WireEvent
from tokentape.protocols.minting import minted, seed_of
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.events import Block
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_RULE = RULES["bedrock"]


class BlockWriter:
    """Writes the block that is open, under the next free number. A block that says nothing is none: no
    empty text is written (case 25), and it takes no number.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._losses = target.losses
        self._started = Started("")
        self._block: Block = Text("")
        self._next = 0
        self._used = False
        self._input = False
        self._summaries = 0

    def replies(self, started: Started) -> None:
        """What is known of the reply."""
        self._started = started

    def start(self, block: Block) -> Iterable[WireEvent]:
        """The block begins."""
        self._block = block
        self._used = False
        self._input = False
        self._summaries = 0
        if isinstance(block, Text):
            first = [self._delta({"text": block.text})] if block.text else []
            return [*first, *self._cited(block.citations)]
        if isinstance(block, ToolCall):
            return self._call(block)
        if isinstance(block, Refusal):
            return [self._delta({"text": block.text})] if block.text else ()
        if isinstance(block, Reasoning):
            return self._thought(block)
        if isinstance(block, ServerTool):
            return self._server_tool(block)
        if isinstance(block, Unknown):
            return [self._begin(block.json if isinstance(block.json, dict) else {})]
        return self._media(block)

    def more(self, event: Delta | Amend) -> Iterable[WireEvent]:
        """More of it."""
        block = self._block
        if isinstance(event, Amend):
            return self._amended(event)
        if not event.text:
            return ()
        if isinstance(block, Text | Refusal):
            return (self._delta({"text": event.text}),)
        if isinstance(block, ToolCall | ServerTool):
            self._input = True
            return (self._delta({"toolUse": {"input": event.text}}),)
        if isinstance(block, Reasoning):
            return (self._delta({"reasoningContent": {"text": self._piece(event)}}),)
        return ()

    def stop(self) -> Iterable[WireEvent]:
        """The block is over."""
        if not self._used:
            return ()
        ended: list[WireEvent] = []
        if isinstance(self._block, ToolCall) and not self._input and self._started.protocol != NAME:
            ended.append(self._delta({"toolUse": {"input": "{}"}}))  # clients parse it (case 11)
        ended.append(WireEvent("contentBlockStop", {"contentBlockIndex": self._next}))
        self._next += 1
        return ended

    def emptied(self, block: Block) -> Block:
        """The block to go on in, for one that is over on the wire."""
        return Reasoning() if isinstance(block, Reasoning) else Text("")

    def _piece(self, event: Delta) -> str:
        """A piece of a thought; summaries stand apart."""
        apart = event.part is not None and event.part > self._summaries and self._used
        if event.part is not None:
            self._summaries = max(self._summaries, event.part)
        return f"\n\n{event.text}" if apart else event.text

    def _delta(self, delta: Fields) -> WireEvent:
        self._used = True
        return WireEvent("contentBlockDelta", {"contentBlockIndex": self._next, "delta": delta})

    def _begin(self, start: Fields) -> WireEvent:
        self._used = True
        return WireEvent("contentBlockStart", {"contentBlockIndex": self._next, "start": start})

    def _call(self, call: ToolCall) -> Iterable[WireEvent]:
        for blob in call.opaque:
            self._losses.tuning(None, blob.kind.replace("_", " "), "there is no place for it")
        own = self._started.protocol == NAME
        given = call.id or minted("tooluse_", seed_of(self._started, self._target), self._next, call.name)
        use: Fields = {"toolUseId": given if own else _RULE.fitted(given), "name": call.name}
        started = self._begin({"toolUse": use})
        if not call.arguments:
            return (started,)
        self._input = True
        return (started, self._delta({"toolUse": {"input": call.arguments}}))

    def _thought(self, block: Reasoning) -> Iterable[WireEvent]:
        said = block.text or "\n\n".join(block.summary)
        events = [self._delta({"reasoningContent": {"text": said}})] if said else []
        for blob in block.opaque:
            events += self._opaque(blob)
        return events

    def _opaque(self, blob: Opaque) -> list[WireEvent]:
        names = {"signature": "signature", "redacted": "redactedContent"}
        if blob.kind not in names:
            self._losses.tuning(None, blob.kind.replace("_", " "), "there is no place for it")
            return []
        return [self._delta({"reasoningContent": {names[blob.kind]: blob.data}})]

    def _cited(self, citations: Iterable[Citation]) -> list[WireEvent]:
        told = []
        for citation in citations:
            if citation.protocol == NAME or citation.url:
                told.append(self._delta({"citation": citation_block(citation)}))
            if citation.protocol != NAME:
                self._losses.tuning(None, "citations", "only whole texts have sources")
        return told

    def _server_tool(self, block: ServerTool) -> Iterable[WireEvent]:
        told = block.json if isinstance(block.json, dict) else {}
        use, result = told.get("toolUse"), told.get("toolResult")
        if isinstance(use, dict):
            started = self._begin({"toolUse": use})
            more = self._delta({"toolUse": {"input": block.arguments}}) if block.arguments else None
            return (started, more) if more else (started,)
        if isinstance(result, dict):
            head: Fields = {name: value for name, value in result.items() if name != "content"}
            started = self._begin({"toolResult": head})
            content = result.get("content")
            return (started, self._delta({"toolResult": content})) if content else (started,)
        return (self._begin(told),)

    def _media(self, block: Block) -> Iterable[WireEvent]:
        if not isinstance(block, Image):
            if isinstance(block, Document | Audio | Video):
                self._losses.meaning(None, type(block).__name__.lower(), "replies that stream have none")
            return ()
        found = MediaWriter(self._losses).blocks(block, None)
        told = found[0]["image"] if found and isinstance(found[0], dict) else None
        if not isinstance(told, dict):
            return ()
        started = self._begin({"image": {"format": told.get("format")}})
        return (started, self._delta({"image": {"source": told["source"]}}))

    def _amended(self, event: Amend) -> Iterable[WireEvent]:
        value = event.value
        if event.name == "opaque" and isinstance(value, Opaque):
            if isinstance(self._block, Reasoning):
                return self._opaque(value)
            self._losses.tuning(None, value.kind.replace("_", " "), "there is no place for it")
        elif event.name == "citations" and isinstance(value, Citation):
            return self._cited((value,))
        elif event.name == "summary" and isinstance(value, str) and value:
            return self.more(Delta(0, value, self._summaries + 1))
        elif event.name == "json" and isinstance(self._block, ServerTool) and isinstance(value, dict):
            return self._result_more(self._block, value)
        return ()

    def _result_more(self, block: ServerTool, json: Fields) -> Iterable[WireEvent]:
        """What a result of Bedrock's own tool has more than before."""
        before, after = _content(block.json), _content(json)
        self._block = ServerTool(NAME, block.kind, json, block.arguments)
        fresh = after[len(before) :]
        return (self._delta({"toolResult": fresh}),) if fresh else ()


def _content(json: Json) -> list[Json]:
    result = json.get("toolResult") if isinstance(json, dict) else None
    content = result.get("content") if isinstance(result, dict) else None
    return content if isinstance(content, list) else []
