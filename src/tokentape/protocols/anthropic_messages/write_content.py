"""Canonical items as content blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.media import written_document, written_image
from tokentape.protocols.anthropic_messages.naming import NAME, is_own, written_mark
from tokentape.protocols.arguments import json_text, object_of
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Data, Document, Image, Refusal, Text, Unknown
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.parts import Citation, Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_IDS = RULES["anthropic"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Writes items as blocks for one target.

    `model` made the items. `own`: the whole body came from this dialect, so ids stay as they are.
    `unsigned`: a thought that nobody signed may go too; in replies always, since clients shall see it.
    """

    target: Target
    model: str | None
    own: bool
    unsigned: bool
    reply: bool = False

    def of(self, item: Item) -> list[Json]:
        """The blocks of one item; none where nothing of it can go."""
        write = _WRITERS.get(type(item))
        return [item.json] if write is None else write(self, item)  # type: ignore[union-attr]

    def message(self, item: Message) -> list[Json]:
        """The parts of a message."""
        self.unnamed(item)
        parts = item.parts
        if len(parts) == 1 and type(part := parts[0]) is Text:
            block = self.text(part, item.origin)
            return [] if block is None else [block]
        return self.parts(parts, item.origin)

    def unnamed(self, item: Message) -> None:
        """Note the id and the name of a message, which have no place."""
        if item.id is not None:
            self._tuning(item.origin, "id", "messages have no id of their own")
        if item.name is not None:
            self._tuning(item.origin, "name", "speakers have no names")

    def parts(self, parts: Iterable[Part], origin: Origin | None) -> list[Json]:
        """The blocks of parts; an empty text is no block, unless it came from here (case 25)."""
        written: list[Json] = []
        for part in parts:
            block: Json = self.text(part, origin) if type(part) is Text else self._other(part, origin)
            if block is not None:
                written.append(block)
        return written

    def text(self, part: Text, origin: Origin | None) -> Fields | None:
        """A text block."""
        text = part.text
        if (not text or text.isspace()) and not is_own(origin):
            if text and not self.reply:
                self._tuning(origin, "text", "a text block needs more than white space")
            if not text or not self.reply:
                return None
        block: Fields = {"type": "text", "text": text}
        if part.citations and (told := self.citations(part.citations, origin)):
            block["citations"] = told
        if part.opaque:
            self.dropped(part.opaque, origin)
        if part.logprobs is not None:
            self._tuning(origin, "logprobs", "Anthropic tells none")
        if part.cache is not None:
            block["cache_control"] = written_mark(part.cache)
        return {**part.origin.rest, **block} if is_own(part.origin) else block

    def citations(self, citations: tuple[Citation, ...], origin: Origin | None) -> list[Json]:
        """The citations that Anthropic made; only its own point to sources as it wants them."""
        own: list[Json] = [told.raw for told in citations if told.protocol == NAME]
        if len(own) < len(citations):
            self._tuning(origin, "citation", "Anthropic's citations point into its own search or documents")
        return own

    def _other(self, part: Part, origin: Origin | None) -> Json:
        match part:
            case Image() | Document() if self.reply:
                what = type(part).__name__.lower()
                self.target.losses.meaning(part.origin or origin, what, "Anthropic's replies hold none")
                return None
            case Image():
                if part.opaque:
                    self.dropped(part.opaque, origin)
                return written_image(part, origin, self.target.losses)
            case Document():
                return written_document(part, origin, self.target.losses)
            case Refusal():
                return {"type": "text", "text": part.text} if part.text else None
            case Data():
                said = json_text(part.value, self.target.losses, part.origin or origin)
                return {"type": "text", "text": said} if said else None
            case Unknown():
                return part.json
            case Audio() if part.source is None and part.transcript:
                self._tuning(origin, "audio", "only its transcript is sent")
                return {"type": "text", "text": part.transcript}
            case _:
                what = type(part).__name__.lower()
                self.target.losses.meaning(part.origin or origin, what, f"Anthropic does not take {what}")
                return None

    def thought(self, item: Reasoning) -> list[Json]:
        """A thought with its signature, or a redacted one (cases 15 to 17)."""
        if item.id is not None:
            self._tuning(item.origin, "id", "thoughts have no id of their own")
        kept = self.target.kept(item.opaque, self.model, item.origin) if item.opaque else ()
        redacted: list[Json] = [
            {**_rest(item), "type": "redacted_thinking", "data": blob.data}
            for blob in kept
            if blob.kind == "redacted"
        ]
        for blob in kept:
            if blob.kind not in ("signature", "redacted"):
                self._tuning(item.origin, blob.kind.replace("_", " "), "Anthropic has no place for it")
        signature = next((blob.data for blob in kept if blob.kind == "signature"), None)
        if redacted and signature is None and not item.text:
            return redacted
        text = item.text or "\n\n".join(item.summary)
        block: Fields = {**_rest(item), "type": "thinking", "thinking": text}
        if signature is not None:
            return [{**block, "signature": signature}, *redacted]
        if self.reply:
            return [*([{"signature": "", **block}] if text or not item.opaque else []), *redacted]
        if self.unsigned and not item.opaque and (is_own(item.origin) or text):
            return [block, *redacted]
        if text:
            self._tuning(item.origin, "thought", "only thoughts that Claude signed are taken back")
        return redacted

    def call(self, item: ToolCall) -> Fields:
        """A call of a tool of the caller's."""
        given: Fields = (
            {"input": item.arguments}
            if item.kind == "custom"
            else object_of(item.arguments, item.name, item.origin, self.target.losses)
        )
        return {**self.call_without_input(item), "input": given}

    def call_without_input(self, item: ToolCall) -> Fields:
        """A call, as far as it is known when it begins."""
        if item.kind == "custom":
            self.target.losses.meaning(item.origin, f"call of {item.name}", "its input is text, not JSON")
        block: Fields = {"type": "tool_use", "id": self.id(item.id), "name": item.name}
        if item.cache is not None:
            block["cache_control"] = written_mark(item.cache)
        if item.opaque:
            self.dropped(item.opaque, item.origin)
        if item.item_id is not None:
            self._tuning(item.origin, "id", "calls have one id only")
        return {**item.origin.rest, **block} if is_own(item.origin) else block

    def result(self, item: ToolResult) -> Fields:
        """What a tool of the caller's gave back."""
        own = is_own(item.origin)
        block: Fields = {"type": "tool_result", "tool_use_id": self.id(item.call_id)}
        content = self.parts(item.parts, item.origin)
        spelling = item.origin.spelling.get("content") if is_own(item.origin) else None
        if (not own or spelling == "text") and (text := plain(content)) is not None:
            block["content"] = text
        elif content or (own and spelling != "absent"):
            block["content"] = content
        if item.is_error is not None and (own or item.is_error):
            block["is_error"] = item.is_error
        if item.cache is not None:
            block["cache_control"] = written_mark(item.cache)
        if item.item_id is not None:
            self._tuning(item.origin, "id", "results have one id only")
        return {**item.origin.rest, **block} if is_own(item.origin) else block

    def server_tool(self, item: ServerTool) -> Json:
        """A block of a tool that Anthropic runs, as it came."""
        if item.arguments is None or not isinstance(item.json, dict):
            return item.json
        return {
            **item.json,
            "input": object_of(item.arguments or "", item.kind, item.origin, self.target.losses),
        }

    def id(self, given: str) -> str:
        """The id of a call, as Anthropic takes it (case 1)."""
        return given if self.own else _IDS.fitted(given)

    def dropped(self, blobs: tuple[Opaque, ...], origin: Origin | None) -> None:
        """Note state that only its maker reads, where Anthropic has no place for it."""
        for blob in self.target.kept(blobs, self.model, origin):
            self._tuning(origin, blob.kind.replace("_", " "), "Anthropic has no place for it")

    def _tuning(self, origin: Origin | None, what: str, why: str) -> None:
        self.target.losses.tuning(origin, what, why)


_WRITERS: dict[type, Callable[[Blocks, Item], list[Json]]] = {
    Message: Blocks.message,  # type: ignore[dict-item]
    ToolCall: lambda blocks, item: [blocks.call(item)],  # type: ignore[arg-type]
    ToolResult: lambda blocks, item: [blocks.result(item)],  # type: ignore[arg-type]
    Reasoning: Blocks.thought,  # type: ignore[dict-item]
    ServerTool: lambda blocks, item: [blocks.server_tool(item)],  # type: ignore[arg-type]
}


def plain(blocks: list[Json]) -> str | None:
    """The text of a content that is one text block and nothing else: it may be written as a string."""
    if len(blocks) != 1:
        return None
    block = blocks[0]
    text = block.get("text") if isinstance(block, dict) and len(block) == 2 else None
    return text if isinstance(text, str) else None


def _rest(item: Reasoning) -> Mapping[str, Json]:
    return item.origin.rest if is_own(item.origin) else {}
