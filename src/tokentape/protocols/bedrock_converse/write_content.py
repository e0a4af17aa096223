"""Items and parts as content blocks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import compact, object_of
from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import merged
from tokentape.protocols.bedrock_converse.write_media import MediaWriter
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Data, Document, Image, Refusal, Text, Unknown, Video
from tokentape.protocols.canonical.turns import own_turn
from tokentape.protocols.families import family_of
from tokentape.protocols.fastjson import strictly
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.parts import CacheMark, Citation, Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_RULE = RULES["bedrock"]
_TTLS = ("5m", "1h")
_CACHING = frozenset({"claude", "nova", NAME})
"""Families of models that take cache points (Bedrock guide, "Prompt caching")."""
_MEDIA = (Image, Document, Audio, Video)


def is_own(origin: Origin | None) -> bool:
    """True if the node was read by this dialect."""
    return origin is not None and origin.protocol == NAME


class ContentWriter:
    """Writes items for one body. `model` is the one that is asked, or answered; in a `reply` what is
    opaque goes to the caller as it came.
    """

    def __init__(self, target: Target, model: str | None, items: Iterable[Item], *, reply: bool) -> None:
        self._target = target
        self._losses = target.losses
        self._model = model
        self._reply = reply
        self._same = target.model is None or family_of(target.model, NAME) == family_of(model, NAME)
        self._caches = family_of(target.model or model, NAME) in _CACHING
        own = [item for item in items if is_own(item.origin)]
        self._kept = {item.id for item in own if isinstance(item, ToolCall)}
        self._kept |= {item.call_id for item in own if isinstance(item, ToolResult)}
        self.media = MediaWriter(target.losses)

    def blocks(self, item: Item) -> list[Json]:
        """The blocks of an item."""
        if isinstance(item, Message):
            return self._message(item)
        if isinstance(item, ToolCall):
            return self._call(item)
        if isinstance(item, ToolResult):
            return self._result(item)
        if isinstance(item, Reasoning):
            return self._thought(item)
        if isinstance(item, ServerTool):
            return [self._server_tool(item)]
        return [item.json]

    def mark(self, cache: CacheMark | None, origin: Origin | None) -> list[Json]:
        """The cache point that says it."""
        if cache is None:
            return []
        if cache.origin is not None and cache.origin.protocol == NAME:
            told: Fields = dict(cache.origin.rest)
        elif self._caches:
            told = {"type": "default"}
        else:
            self._losses.tuning(origin, "cache mark", f"{self._model} takes no cache points")
            return []
        if cache.ttl in _TTLS or (cache.ttl is not None and is_own(cache.origin)):
            told["ttl"] = cache.ttl
        elif cache.ttl is not None:
            self._losses.tuning(origin, f"cache for {cache.ttl}", "it is 5m or 1h")
        return [{"cachePoint": told}]

    def call_id(self, given: str) -> str:
        """An id of a call as the API takes it; what came from there stays as it is (case 1)."""
        return given if given in self._kept else _RULE.fitted(given)

    # ---- items

    def _message(self, item: Message) -> list[Json]:
        if item.name is not None:
            self._losses.tuning(item.origin, "name", "messages have none")
        own = own_turn(item, NAME) is not None
        blocks: list[Json] = []
        for part in item.parts:
            blocks += self._part(part, own, item.origin)
        return blocks

    def _part(self, part: Part, own: bool, around: Origin | None) -> list[Json]:
        if isinstance(part, Text):
            told = self._text(part, own, around)
            return told + self.mark(part.cache, part.origin or around) if told and part.cache else told
        found = self.part(part, around)
        if isinstance(part, _MEDIA):
            if isinstance(part, Image):
                self._drop(part.opaque, part.origin or around)
            return found + self.mark(part.cache, part.origin or around) if found else found
        return found

    def _text(self, part: Text, own: bool, around: Origin | None) -> list[Json]:
        if part.opaque:
            self._drop(part.opaque, part.origin or around)
        if not own and (not part.text or (not self._reply and part.text.isspace())):
            if part.text:
                self._losses.tuning(part.origin or around, "text", "a text block needs more than white space")
            return []  # never a blank block: the API refuses it (case 25)
        origin = part.origin
        if origin is not None and origin.protocol == NAME and "cited" in origin.spelling:
            return [{"citationsContent": _cited(part, origin)}]
        if part.citations:
            return [self._foreign_citations(part, around)]
        return (
            [merged(origin.rest, {"text": part.text})] if origin and is_own(origin) else [{"text": part.text}]
        )

    def _foreign_citations(self, part: Text, around: Origin | None) -> Fields:
        """Texts with sources: those of a reply that are on the web are told, without their place."""
        own = all(citation.protocol == NAME for citation in part.citations)
        told = [citation_block(citation) for citation in part.citations if citation.url or own]
        if not own:
            self._losses.tuning(part.origin or around, "citations", "only whole texts have sources")
        if not told or not (self._reply or own):
            return {"text": part.text}
        return {"citationsContent": {"content": [{"text": part.text}], "citations": told}}

    def _call(self, item: ToolCall) -> list[Json]:
        if item.opaque:
            self._drop(item.opaque, item.origin)
        if item.item_id is not None and not self._reply:
            self._losses.tuning(item.origin, "item id", "items have no ids")
        use: Fields = {"toolUseId": self.call_id(item.id), "name": item.name}
        origin = item.origin
        bare = origin.spelling.get("input") if origin is not None and origin.protocol == NAME else None
        if bare is None or item.arguments != "{}":
            use["input"] = self._input(item)
        elif bare:
            use["input"] = None
        if origin is not None and origin.protocol == NAME:
            use = merged(origin.rest, use)
        return [{"toolUse": use}, *self.mark(item.cache, origin)]

    def _input(self, item: ToolCall) -> Json:
        """The arguments as the object that they have to be (case 11)."""
        if item.kind != "function":
            self._losses.tuning(item.origin, f"input of {item.name}", "text is put into an object")
            return {"input": item.arguments}
        if is_own(item.origin):
            with suppress(ValueError, RecursionError):
                return strictly(item.arguments or "{}")
        return object_of(item.arguments, item.name, item.origin, self._losses)

    def _result(self, item: ToolResult) -> list[Json]:
        own = is_own(item.origin)
        content: list[Json] = []
        for part in item.parts:
            if isinstance(part, Text) and not own:
                content += self._text(part, own, item.origin)
            elif isinstance(part, Audio):
                self._losses.meaning(part.origin or item.origin, "audio", "results of tools have none")
            else:
                content += self.part(part, item.origin)
        result: Fields = {"toolUseId": self.call_id(item.call_id), "content": content}
        if item.is_error is not None:
            result["status"] = "error" if item.is_error else "success"
        if own and item.origin:
            result = merged(item.origin.rest, result)
        return [{"toolResult": result}, *self.mark(item.cache, item.origin)]

    def _thought(self, item: Reasoning) -> list[Json]:
        origin = item.origin
        own = is_own(origin)
        opaque = item.opaque
        if not (self._reply or (own and self._same)):
            opaque = self._target.kept(opaque, self._model, origin)
        opaque = self._native(opaque, origin)
        text = item.text
        if self._reply and not text and item.summary:
            text = "\n\n".join(item.summary)
        elif item.summary:
            self._losses.tuning(origin, "summary of a thought", "it is not sent back")
        if not opaque and not (own and self._same) and not (self._reply and text):
            if text and not self._reply:
                self._losses.tuning(origin, "thought", "only signed thoughts of the same family go back")
            return []
        for blob in opaque:
            if blob.kind == "redacted":
                return [{"reasoningContent": {"redactedContent": blob.data}}]
        told: Fields = {} if own and origin and "text" in origin.spelling and not text else {"text": text}
        for blob in opaque:
            told["signature"] = blob.data
        if own and origin:
            told = merged(origin.rest, told)
        return [{"reasoningContent": {"reasoningText": told}}]

    def _native(self, opaque: tuple[Opaque, ...], origin: Origin | None) -> tuple[Opaque, ...]:
        """What has a place here: a signature, or a redacted thought."""
        native = tuple(blob for blob in opaque if blob.kind in ("signature", "redacted"))
        if len(native) != len(opaque):
            self._drop(tuple(blob for blob in opaque if blob not in native), origin)
        return native

    def _drop(self, opaque: tuple[Opaque, ...], origin: Origin | None) -> None:
        for blob in opaque:
            self._losses.tuning(origin, blob.kind.replace("_", " "), "there is no place for it")

    def _server_tool(self, item: ServerTool) -> Json:
        told = item.json if isinstance(item.json, dict) else {}
        use = told.get("toolUse")
        if item.arguments is None or not isinstance(use, dict):
            return told
        try:
            given: Json = strictly(item.arguments or "{}")
        except (ValueError, RecursionError):
            given = {}
        return {**told, "toolUse": {**use, "input": given}}

    # ---- parts

    def part(self, part: Part, around: Origin | None) -> list[Json]:
        """A part without its cache point."""
        if isinstance(part, Text):
            return [{"text": part.text}]
        if isinstance(part, Unknown):
            return [part.json]
        if isinstance(part, Refusal):
            return [{"text": part.text}] if part.text else []
        if isinstance(part, Data):
            # Only objects are taken (API reference, "ToolResultContentBlock").
            if isinstance(part.value, dict) or is_own(around):
                return [{"json": part.value}]
            return self._data(part, around)
        return self.media.blocks(part, around)

    def _data(self, part: Data, around: Origin | None) -> list[Json]:
        try:
            return [{"text": compact(part.value)}]
        except RecursionError:
            self._losses.meaning(part.origin or around, "JSON of a tool", "it is nested too deeply")
            return []

    def system(self, item: Message) -> list[Json]:
        """System text, which is text only."""
        blocks: list[Json] = []
        own = is_own(item.origin)
        if item.name is not None:
            self._losses.tuning(item.origin, "name", "messages have none")
        for part in item.parts:
            if own or isinstance(part, Text | Unknown):
                blocks += self._part(part, own, item.origin)
            else:
                self._losses.meaning(part.origin or item.origin, "media in system text", "it is text only")
        return blocks


def _cited(part: Text, origin: Origin) -> Fields:
    """`citationsContent`, in the pieces it came in while the text is the same."""
    pieces = origin.spelling.get("content")
    told: Fields = {}
    if isinstance(pieces, list) and "".join(map(str, pieces)) == part.text:
        told["content"] = [{"text": piece} for piece in pieces]
    elif pieces is not None or part.text:
        told["content"] = [{"text": part.text}]
    if part.citations or origin.spelling.get("cited"):
        told["citations"] = [citation_block(citation) for citation in part.citations]
    return merged(origin.rest, told)


def citation_block(citation: Citation) -> Json:
    """One source; of another dialect's what it says of a page."""
    if citation.protocol == NAME:
        return citation.raw
    told: Fields = {"location": {"web": {"url": citation.url}}}
    if citation.title is not None:
        told["title"] = citation.title
    if citation.cited is not None:
        told["sourceContent"] = [{"text": citation.cited}]
    return told
