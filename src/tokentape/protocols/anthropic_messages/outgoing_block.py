"""One content block of a stream while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME, is_own
from tokentape.protocols.arguments import compact
from tokentape.protocols.canonical.events import Amend, Delta
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Citation, Refusal, Text, Unknown
from tokentape.protocols.codec import WireEvent
from tokentape.protocols.fastjson import strictly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.anthropic_messages.write_content import Blocks
    from tokentape.protocols.canonical.events import Block
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

DELTA = "content_block_delta"


class OutgoingBlock:
    """Says a block: `begin` at its turn, then `say` what comes, then `end`.

    A text or a thought of another dialect begins on the wire with its first words: an empty block would
    be refused when it is sent back (case 25). Blocks that are one value are written at their end.
    """

    __slots__ = (
        "_begun", "_pieces", "_summary", "block", "blocks", "closed", "field", "held", "index", "key", "kind",
        "own",
    )  # fmt: skip

    def __init__(self, key: int, block: Block, blocks: Blocks) -> None:
        self.key = key
        self.block = block
        self.blocks = blocks
        self.kind, self.field = _kind_of(block)
        self.own = is_own(getattr(block, "origin", None)) or blocks.own
        self.index = -1
        self.held: list[Delta | Amend] = []
        self.closed = False
        self._begun = False
        self._pieces: list[str] = []
        self._summary: int | None = None

    @property
    def may_end(self) -> bool:
        """True if nothing is lost when it ends now: only a call whose input is not whole has to go on."""
        return self.kind != "input_json_delta" or self._is_whole()

    def _is_whole(self) -> bool:
        said = "".join(self._pieces)
        self._pieces = [said]
        if not said.rstrip().endswith("}"):
            return False
        try:
            return isinstance(strictly(said), dict)
        except (ValueError, RecursionError):
            return False

    def begin(self, index: int) -> Iterator[WireEvent]:
        """Its turn has come."""
        self.index = index
        block = self.block
        if self.kind == "whole":
            return
        if self.own or isinstance(block, ToolCall | ServerTool):
            yield self._start()
        if isinstance(block, ToolCall | ServerTool):
            if isinstance(block, ToolCall) and block.kind == "custom":
                yield self._delta('{"input":"')
            yield from self._say(block.arguments or "")
        elif isinstance(block, Text | Refusal):
            yield from self._say(block.text)
            for citation in block.citations if isinstance(block, Text) else ():
                yield from self.amend(Amend(self.key, "citations", citation))
        elif isinstance(block, Reasoning):
            yield from self._say(block.text or "\n\n".join(block.summary))
            for blob in block.opaque:
                yield from self.amend(Amend(self.key, "opaque", blob))
        for event in self.held:
            yield from self.say(event) if isinstance(event, Delta) else self.amend(event)
        self.held = []

    def say(self, delta: Delta) -> Iterator[WireEvent]:
        """More of its text. Summaries of a thought follow each other as paragraphs."""
        if self.kind == "thinking_delta" and delta.part != self._summary:
            if self._summary is not None and delta.part is not None and self._begun:
                yield self._delta("\n\n")
            self._summary = delta.part
        yield from self._say(delta.text)

    def _say(self, text: str) -> Iterator[WireEvent]:
        if not text or self.kind == "whole":
            return
        if not self._begun:
            yield self._start()
        if self.kind == "input_json_delta":
            if isinstance(self.block, ToolCall) and self.block.kind == "custom":
                text = compact(text)[1:-1]
            self._pieces.append(text)
        yield self._delta(text)

    def fast(self, text: str) -> WireEvent | None:
        """A delta of a text that has begun: most events are one."""
        if self._begun and self.kind == "text_delta" and text:
            return self._delta(text)
        return None

    def _delta(self, text: str) -> WireEvent:
        delta: Fields = {"type": self.kind, self.field: text}
        return WireEvent(DELTA, {"type": DELTA, "index": self.index, "delta": delta})

    def amend(self, amend: Amend) -> Iterator[WireEvent]:
        """More about it: a citation, a signature; for a block that is one value, the value."""
        value = amend.value
        losses = self.blocks.target.losses
        if self.kind == "whole":
            if amend.name == "json" and isinstance(self.block, Unknown):
                self.block = Unknown(NAME, value, self.block.origin)  # type: ignore[arg-type]
        elif isinstance(value, Citation):
            told = self.blocks.citations((value,), None)
            yield from self._other({"type": "citations_delta", "citation": told[0]} if told else None)
        elif amend.name == "opaque" and isinstance(self.block, Reasoning):
            kept = self.blocks.target.kept((value,), self.blocks.model, None)  # type: ignore[arg-type]
            for blob in kept:
                if blob.kind == "signature":
                    yield from self._other({"type": "signature_delta", "signature": blob.data})
                else:
                    losses.tuning((), blob.kind.replace("_", " "), "Anthropic has no place for it")
        elif amend.name == "opaque":
            self.blocks.dropped((value,), None)  # type: ignore[arg-type]
        elif amend.name == "summary" and isinstance(value, str):
            yield from self._say(("\n\n" if self._begun else "") + value)
        elif amend.name == "logprobs":
            losses.tuning((), "logprobs", "Anthropic tells none")

    def _other(self, delta: Fields | None) -> Iterator[WireEvent]:
        if delta is None:
            return
        if not self._begun:
            yield self._start()
        yield WireEvent(DELTA, {"type": DELTA, "index": self.index, "delta": delta})

    def _start(self) -> WireEvent:
        self._begun = True
        return _started(self.index, self._emptied())

    def _emptied(self) -> Fields:
        block = self.block
        rest = dict(block.origin.rest) if is_own(block.origin) else {}
        if isinstance(block, ToolCall):
            return {**self.blocks.call_without_input(block), "input": {}}
        if isinstance(block, ServerTool):
            return {**(block.json if isinstance(block.json, dict) else {}), "input": {}}
        if isinstance(block, Reasoning):
            return {**rest, "type": "thinking", "thinking": "", "signature": ""}
        return {**rest, "type": "text", "text": ""}

    def end(self) -> Iterator[WireEvent]:
        """Nothing more comes. Blocks that had nothing to say were never begun, and so never end."""
        if self.kind == "whole":
            for block in self._whole():
                self._begun = True
                yield _started(self.index, block)
        elif self._begun and isinstance(self.block, ToolCall) and self.block.kind == "custom":
            yield self._delta('"}')
        if self._begun:
            yield WireEvent("content_block_stop", {"type": "content_block_stop", "index": self.index})

    def _whole(self) -> list[Json]:
        block = self.block
        if isinstance(block, Message | Reasoning | ToolCall | ToolResult | ServerTool | Unknown):
            return self.blocks.of(block)[:1]
        return self.blocks.message(Message(Role.ASSISTANT, (block,)))[:1]

    @property
    def was_written(self) -> bool:
        """True if it has an index on the wire."""
        return self._begun


def _started(index: int, block: Json) -> WireEvent:
    event: Fields = {"type": "content_block_start", "index": index, "content_block": block}
    return WireEvent("content_block_start", event)


def _kind_of(block: Block) -> tuple[str, str]:
    """The type of its deltas and the field that holds their text; "whole" where it has none."""
    match block:
        case Text() | Refusal():
            return "text_delta", "text"
        case ToolCall():
            return "input_json_delta", "partial_json"
        case ServerTool() if block.arguments is not None:
            return "input_json_delta", "partial_json"
        case Reasoning() if block.text or not any(blob.kind == "redacted" for blob in block.opaque):
            return "thinking_delta", "thinking"
        case _:
            return "whole", ""
