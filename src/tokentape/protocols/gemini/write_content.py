"""Items as parts of contents."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import json_text, object_of
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    Image,
    Refusal,
    Text,
    Unknown,
    Video,
)
from tokentape.protocols.gemini.media import write_media
from tokentape.protocols.gemini.names import NAME, Again
from tokentape.protocols.gemini.results import write_result
from tokentape.protocols.tool_ids import SIGNED_ID

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def is_own(origin: Origin | None) -> bool:
    """True if the node came from this dialect."""
    return origin is not None and origin.protocol == NAME


class PartWriter:
    """Writes items for `target`. `names` are the functions that were called, by the id of the call."""

    __slots__ = ("_losses", "_model", "_reply", "_target", "names")

    def __init__(self, target: Target, model: str | None, *, reply: bool = False) -> None:
        self._target = target
        self._losses = target.losses
        self._model = model
        self._reply = reply
        self.names: dict[str, str] = {}

    def parts(self, item: Item) -> list[Json]:
        """The parts that say it."""
        match item:
            case Message():
                return self._message(item)
            case Reasoning():
                return self._reasoning(item)
            case ToolCall():
                return [self.call(item)]
            case ToolResult():
                return [self._result(item)]
            case ServerTool() | Unknown():
                return [item.json] if item.protocol == NAME else []

    def _message(self, item: Message) -> list[Json]:
        """Its parts. The API refuses empty texts: what other dialects leave empty is left out (case 25)."""
        if item.name is not None:
            self._losses.tuning(item.origin, "name", "the dialect has no names of speakers", "name")
        own = is_own(item.origin)
        written = [
            self.part(part, item.origin)
            for part in item.parts
            if own or self._reply or not (isinstance(part, Text) and not part.text and not part.opaque)
        ]
        return [part for part in written if part is not None]

    def part(self, part: Part, origin: Origin | None = None) -> Json:
        """One part of a message; None for what cannot be said."""
        match part:
            case Text():
                return self._text(part, origin)
            case Image() | Document() | Audio() | Video():
                written = write_media(part, is_own(origin), self._losses, part.origin or origin)
                if written is not None and isinstance(part, Image) and part.opaque:
                    self._sign(written, part.opaque, part.origin)
                if part.cache is not None:
                    self._marked(part.origin or origin)
                return written
            case Refusal():
                return {"text": part.text} if part.text else None
            case Data():
                return {"text": json_text(part.value, self._losses, part.origin or origin)}
            case Unknown():
                return part.json if part.protocol == NAME else None

    def _text(self, part: Text, origin: Origin | None) -> Json:
        if part.cache is not None:
            self._marked(part.origin or origin)
        if part.logprobs:
            self._losses.tuning(part.origin or origin, "logprobs", "they are told in another form")
        if part.citations and not self._reply:
            self._losses.tuning(part.origin or origin, "citations", "requests have none")
        if not part.opaque and part.origin is None:
            return {"text": part.text}
        again = Again(part.origin)
        if again.spelling.get("=form") == "text":
            return part.text
        written: Fields = {"text": part.text}
        if again.spelling.get("=text") == "absent" and not part.text:
            written = {}
        if again.spelling.get("=thought") is False:
            written["thought"] = False
        self._sign(written, part.opaque, part.origin or origin)
        return again.object(written)

    def _marked(self, origin: Origin | None) -> None:
        self._losses.tuning(origin, "caching mark", "the dialect caches by itself")

    def _sign(self, written: Fields, opaque: tuple[Opaque, ...], origin: Origin | None) -> None:
        """Put the signature of `opaque` into `written`; note those that cannot go there."""
        others = []
        for blob in opaque:
            if blob.kind == "thought_signature" and self._is_mine(blob):
                written["thoughtSignature"] = blob.data
            else:
                others.append(blob)
        for blob in self._target.kept(tuple(others), self._model, origin) if others else ():
            self._losses.tuning(origin, blob.kind.replace("_", " "), "the dialect has no place for it")

    def _is_mine(self, blob: Opaque) -> bool:
        """True for a credential that is this one's, as far as is known. The kind says that a Gemini made it,
        whatever the model was called on the way (`extra_content.google` in Chat).
        """
        return blob.maker.credential is None or self._target.credential in (None, blob.maker.credential)

    def _reasoning(self, item: Reasoning) -> list[Json]:
        written: Fields = {"text": item.text or "\n\n".join(item.summary), "thought": True}
        self._sign(written, item.opaque, item.origin)
        own = is_own(item.origin)
        if not (own or "thoughtSignature" in written):
            if item.origin is not None and not self._reply:
                self._losses.tuning(item.origin, "thought", "the thoughts of other models are not sent on")
                return []
            if not written["text"]:
                return []
        again = Again(item.origin)
        if again.spelling.get("=text") == "absent" and not written["text"]:
            del written["text"]
        ends = again.spelling.get("=pieces")
        if isinstance(ends, list) and ends[-1] == len(item.text):
            return _pieces(written, item.text, ends)
        return [again.object(written)]

    def call(self, item: ToolCall) -> Fields:
        """A call. A signature inside its id is read apart (case 19)."""
        if item.item_id is not None and not self._reply:
            self._losses.tuning(item.origin, "item id", "calls have one id only")
        given, _, signature = item.id.partition(SIGNED_ID)
        self.names[given] = item.name
        again = Again(item.origin)
        inner: Fields = {"name": item.name, "args": self._arguments(item)}
        if again.spelling.get("=args") == "absent" and not inner["args"]:
            del inner["args"]
        if given or again.spelling.get("=id") == "":
            inner["id"] = given
        written: Fields = {"functionCall": again.object(inner, "functionCall.")}
        if signature:
            written["thoughtSignature"] = signature
        self._sign(written, item.opaque, item.origin)
        if item.cache is not None:
            self._marked(item.origin)
        return again.object(written)

    def _arguments(self, item: ToolCall) -> Json:
        if item.kind != "function":
            why = f"its kind, {item.kind}, has no place here"
            self._losses.meaning(item.origin, f"call of {item.name}", why)
            return {"input": item.arguments}
        return object_of(item.arguments, item.name, item.origin, self._losses)

    def _result(self, item: ToolResult) -> Fields:
        given = item.call_id.partition(SIGNED_ID)[0]
        name = self.names.get(given) if item.name is None and not is_own(item.origin) else item.name
        if item.cache is not None:
            self._marked(item.origin)
        return write_result(item, name, given, self._losses)


def _pieces(written: Fields, text: str, ends: list[Json]) -> list[Json]:
    """A thought in the pieces in which it came; the last one is signed."""
    places = [end for end in ends if isinstance(end, int)]
    pieces = [text[begin:end] for begin, end in pairwise((0, *places))]
    earlier: list[Json] = [{"text": piece, "thought": True} for piece in pieces[:-1]]
    return [*earlier, {**written, "text": pieces[-1]}]
