"""Writing items: of a request's input and of a response's output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Data, Text, Unknown
from tokentape.protocols.minting import minted
from tokentape.protocols.openai_responses.content import text_type
from tokentape.protocols.openai_responses.names import STREAMED
from tokentape.protocols.openai_responses.write_content import own, uncached, write_part
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Items:
    """Writes items. `output`: they are a reply's, and have all that the schema of one requires: ids, which
    are made of `seed` and their place, and a status.
    """

    target: Target
    model: str | None
    own_ids: bool
    """True if ids of calls are of this dialect already, and stay as they are."""
    output: bool = False
    seed: str = ""

    def write(self, item: Item, place: int, status: str = "completed") -> Fields | None:
        """One item; None for what cannot be said, which is noted."""
        match item:
            case Message():
                return self._message(item, place, status)
            case ToolCall():
                return self._call(item, place, status)
            case ToolResult():
                return self._result(item, place, status)
            case Reasoning():
                return self._reasoning(item, place)
            case ServerTool() | Unknown():
                return native(item)

    def uncached(self, item: Item) -> None:
        """Note the caching marks of a message that becomes plain text."""
        for part in item.parts if isinstance(item, Message) else ():
            if isinstance(part, Text) and part.cache is not None:
                uncached(part.origin or item.origin, self.target)

    def unnamed(self, item: Item) -> None:
        """Note the name of a speaker."""
        if isinstance(item, Message) and item.name is not None:
            self.target.losses.tuning(item.origin, "name", "messages have none here")

    # ---- ids and states

    def _named(
        self, written: Fields, given: str | None, prefix: str, place: int, origin: Origin | None
    ) -> None:
        """The item's own id: in a request only where it came from, in a reply always."""
        if own(origin) is not None or (self.output and given):
            if given is not None:
                written["id"] = given
        elif self.output:
            written["id"] = minted(prefix, self.seed, place)
        elif given is not None:
            self.target.losses.tuning(origin, "item id", "another provider gave it")

    def call_id(self, given: str, place: int, known: Origin | None) -> str | None:
        """The id that pairs call and result: at most 64 characters (case 2)."""
        rule = self.target.quirks.tool_ids
        if rule is None and self.own_ids:
            return given or (None if known is not None else minted("call_", self.seed, place))
        return RULES[rule or "openai"].fitted(given or minted("call_", self.seed, place))

    # ---- messages

    def _message(self, item: Message, place: int, status: str) -> Fields:
        known = own(item.origin)
        role = self._role(item)
        written: Fields = {}
        if known is None or "type" not in known.spelling:
            written["type"] = "message"
        self.unnamed(item)
        if known is None or "role" not in known.rest:
            written["role"] = role
        if self.output or known is not None:
            self._named(written, item.id, "msg_", place, item.origin)
            if self.output and known is None:
                written["status"] = status
        content = self._content(item, known)
        if content is not None:
            written["content"] = content
        if role == "assistant" and known is None and isinstance(content, list) and not self.output:
            # A list of the model's words is an output message, which has an id and a status.
            written["id"] = minted("msg_", self.seed, place, item.id or "")
            written["status"] = "completed"
        return {**known.rest, **written} if known is not None else written

    def _role(self, item: Message) -> str:
        role = item.role.value
        if item.role in (Role.SYSTEM, Role.DEVELOPER):
            return self.target.quirks.developer_role or role
        return role

    def _content(self, item: Message, known: Origin | None) -> Json:
        parts = item.parts
        spelled = known.spelling.get("content", parts) if known is not None else parts
        if spelled is None and not parts:
            return None
        plain = len(parts) == 1 and _plain(parts[0])
        if plain and not self.output and (spelled == "text" or known is None):
            return self._plainly(parts[0], item.origin)
        usual = text_type(item.role.value)
        return self._parts(parts, usual, item.origin)

    def _parts(self, parts: tuple[Part, ...], usual: str, owner: Origin | None) -> list[Json]:
        found = (write_part(part, usual, self.target, self.model, owner) for part in parts)
        return [part for part in found if part is not None]

    def _plainly(self, part: Part, owner: Origin | None) -> Json:
        written = write_part(part, "input_text", self.target, self.model, owner)
        return written["text"] if written is not None else ""

    # ---- tools

    def _call(self, item: ToolCall, place: int, status: str) -> Fields:
        known = own(item.origin)
        for blob in self.target.kept(item.opaque, self.model, item.origin):
            self.target.losses.tuning(
                item.origin, blob.kind.replace("_", " "), "calls have no such state here"
            )
        if item.cache is not None:
            uncached(item.origin, self.target)
        custom = item.kind == "custom"
        written: Fields = {"type": "custom_tool_call" if custom else "function_call"}
        self._named(written, item.item_id, "ctc_" if custom else "fc_", place, item.origin)
        if (call_id := self.call_id(item.id, place, known)) is not None:
            written["call_id"] = call_id
        written["name"] = item.name
        if custom:
            written["input"] = item.arguments
        else:
            written["arguments"] = item.arguments if known is not None else item.arguments or "{}"
            if self.output and known is None:
                written["status"] = status
        return {**known.rest, **written} if known is not None else written

    def _result(self, item: ToolResult, place: int, status: str) -> Fields:
        known = own(item.origin)
        losses = self.target.losses
        if item.is_error:
            losses.tuning(item.origin, "error mark", "results have none here; the text tells")
        if item.cache is not None:
            uncached(item.origin, self.target)
        custom = item.kind == "custom"
        written: Fields = {"type": "custom_tool_call_output" if custom else "function_call_output"}
        self._named(written, item.item_id, "ctco_" if custom else "fco_", place, item.origin)
        if (call_id := self.call_id(item.call_id, place, known)) is not None:
            written["call_id"] = call_id
        as_text = known is None or known.spelling.get("output") == "text"
        if as_text and all(_plain(part) for part in item.parts) and len(item.parts) < 2:
            written["output"] = self._plainly(item.parts[0], item.origin) if item.parts else ""
        else:
            written["output"] = self._parts(item.parts, "input_text", item.origin)
        if self.output and known is None:
            written["status"] = status
        return {**known.rest, **written} if known is not None else written

    # ---- thoughts

    def _reasoning(self, item: Reasoning, place: int) -> Fields | None:
        """A thought. In a request it goes back only where it came from: what another provider's model
        thought, or what was sealed for another credential, is left out (case 20).
        """
        known = own(item.origin)
        sealed = self._sealed(item.opaque, item.origin)
        if not self.output and sealed is None and (known is None or item.opaque):
            if not item.opaque:
                self.target.losses.tuning(item.origin, "thought", "only its own model could go on from it")
            return None
        written: Fields = {"type": "reasoning"}
        if known is None and not self.output and item.id is not None:
            written["id"] = item.id
        else:
            self._named(written, item.id, "rs_", place, item.origin)
        spelling = known.spelling if known is not None else {}
        if item.summary or "summary" not in spelling:
            written["summary"] = _thoughts(item.summary, "summary_text", spelling.get("summary_rest"))
        content = _cut(item.text, spelling.get("content_lengths"))
        if content is not None:
            written["content"] = _thoughts(content, "reasoning_text", spelling.get("content_rest"))
        if sealed is not None:
            written["encrypted_content"] = sealed
        return {**known.rest, **written} if known is not None else written

    def _sealed(self, blobs: tuple[Opaque, ...], origin: Origin | None) -> Json:
        """What only OpenAI can read; a signature of another kind is left out."""
        found: Json = None
        for blob in self.target.kept(blobs, self.model, origin):
            if blob.kind == "encrypted":
                found = blob.data
            else:
                self.target.losses.tuning(origin, blob.kind.replace("_", " "), "thoughts have none here")
        return found


def _plain(part: Part) -> bool:
    """True for a part that is nothing but text."""
    return isinstance(part, Data) or (
        isinstance(part, Text) and own(part.origin) is None and not part.citations
    )


def native(item: ServerTool | Unknown) -> Fields | None:
    """An item that only this dialect has, as it was, with the text of its input."""
    if not isinstance(item.json, dict):
        return None
    if isinstance(item, Unknown) or item.arguments is None:
        return dict(item.json)
    field = STREAMED.get(str(item.json.get("type")), "arguments")
    return {**item.json, field: item.arguments}


def _thoughts(texts: tuple[str, ...], kind: str, spelled: Json) -> list[Json]:
    more = spelled if isinstance(spelled, list) and len(spelled) == len(texts) else [{}] * len(texts)
    return [
        {"type": kind, "text": text, **(rest if isinstance(rest, dict) else {})}
        for text, rest in zip(texts, more, strict=True)
    ]


def _cut(text: str, lengths: Json) -> tuple[str, ...] | None:
    """The thought in the pieces it had, if they still fit; None for none."""
    sizes = [size for size in lengths if isinstance(size, int)] if isinstance(lengths, list) else None
    if sizes is None or sum(sizes) != len(text):
        return (text,) if text else None
    pieces, start = [], 0
    for size in sizes:
        pieces.append(text[start : start + size])
        start += size
    return tuple(pieces)
