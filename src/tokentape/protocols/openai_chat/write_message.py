"""Messages, written: the items of one native message, or of several that another dialect had in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Audio, Data, Image, Refusal, Text, Unknown
from tokentape.protocols.openai_chat.annotations import write_annotations
from tokentape.protocols.openai_chat.calls_write import is_legacy, write_call, write_function_call
from tokentape.protocols.openai_chat.content_write import (
    data_text,
    is_plain,
    mark_cache,
    note_mark,
    note_opaque,
    note_text,
    split_media,
    write_content,
    write_part,
)
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.thoughts_write import (
    goes_as_it_came,
    is_part,
    write_thought,
    write_thought_part,
)
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Opaque, Turn
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(slots=True)
class Writing:
    """What all messages of one body have in common: for whom, for which model, and if it is of Chat."""

    target: Target
    model: str | None
    own: bool
    reply: bool = False

    def id_of(self, given: str) -> str:
        """The id of a call as the server takes it (cases 2, 3)."""
        rule = self.target.quirks.tool_ids
        if rule is None and self.own:
            return given
        return RULES[rule or "openai"].fitted(given)

    def role_of(self, role: Role, own: bool) -> str:
        """What the speaker is called: `developer` is OpenAI's alone, so it needs a reason."""
        if role is Role.DEVELOPER or role is Role.SYSTEM:
            if (named := self.target.quirks.developer_role) is not None:
                return "system" if role is Role.SYSTEM and named == "developer" and own else named
            return role.value if own else "system"
        return role.value


def write_spoken(item: Message, turn: Turn | None, writing: Writing) -> Fields:
    """A message of the user or the system."""
    parts = item.parts
    rest, spelling = (turn.rest, turn.spelling) if turn else (NOTHING, NOTHING)
    message: Fields = {**rest, "role": writing.role_of(item.role, turn is not None)}
    if parts or "content" not in rest:
        listed = spelling.get("content") == "parts" and not writing.target.quirks.text_only
        if listed or parts or turn is None:
            message["content"] = write_content(parts, writing.target, item.origin, listed=listed) or _nothing(
                listed
            )
    if item.name is not None:
        message["name"] = item.name
    _note_id(item.id, item, writing)
    return message


def _nothing(listed: bool) -> Json:
    return [] if listed else ""


def _note_id(given: str | None, item: Item, writing: Writing) -> None:
    if given is not None:
        writing.target.losses.tuning(item.origin, "item id", "the dialect has none")


def write_result(item: ToolResult, turn: Turn | None, writing: Writing) -> tuple[Fields, list[Part]]:
    """The message of a tool's result, and the media that have to go into a message of the user (case 28)."""
    rest, spelling = (turn.rest, turn.spelling) if turn else (NOTHING, NOTHING)
    parts = item.parts
    moved: list[Part] = []
    if turn is None and not writing.target.quirks.media_in_results:
        said, moved = split_media(parts)
        parts = tuple(said)
    if moved:
        why = "the dialect's results are text: it follows in a message of the user"
        writing.target.losses.tuning(item.origin, "media in the result of a tool", why)
    listed = spelling.get("content") == "parts" and not writing.target.quirks.text_only
    message: Fields = {**rest, "role": "function" if spelling.get("role") == "function" else "tool"}
    if item.call_id or turn is None:
        message["tool_call_id"] = writing.id_of(item.call_id)
    elif "id" in spelling:
        message["tool_call_id"] = ""
    if (
        turn is None
        and not listed
        and all(is_plain(part, writing.target) or isinstance(part, Data) for part in parts)
    ):
        for part in parts:
            note_text(part, writing.target, item.origin)
        message["content"] = _told(parts, item, writing.target) or ("The result follows." if moved else "")
    elif parts or listed:
        message["content"] = write_content(parts, writing.target, item.origin, listed=listed)
    if item.name is not None and turn is not None:
        message["name"] = item.name
    if item.is_error:
        writing.target.losses.tuning(
            item.origin, "mark of an error", "the dialect has none: its text says it"
        )
    _note_id(item.item_id, item, writing)
    return message, moved


def _told(parts: Sequence[Part], item: ToolResult, target: Target) -> str:
    return "\n".join(
        part.text if isinstance(part, Text) else data_text(part, target, item.origin)
        for part in parts
        if isinstance(part, Text | Data)
    )


@dataclass(slots=True)
class Assistant:
    """One assistant message while it is written."""

    writing: Writing
    turn: Turn | None
    message: Fields

    def write(self, items: Sequence[Item]) -> Fields:
        """The whole message."""
        rest, spelling = (self.turn.rest, self.turn.spelling) if self.turn else (NOTHING, NOTHING)
        blank = spelling.get("blank")
        self.message.update(rest)
        if isinstance(blank, dict):
            self.message.update(blank)
        if "role" not in self.message and spelling.get("role") is not False:
            self.message["role"] = "assistant"
        content: list[Item] = []
        calls: list[Json] = []
        for item in items:
            match item:
                case ToolCall():
                    self._call(item, calls)
                case Reasoning():
                    self._thought(item, content)
                case Message():
                    content.append(item)
                case Unknown():
                    calls.append(item.json)
        self._content(content, listed=spelling.get("content") == "parts")
        if calls:
            self.message["tool_calls"] = calls
        if self.turn is None:
            self._complete(bool(calls))
        return self.message

    def _call(self, call: ToolCall, calls: list[Json]) -> None:
        writing = self.writing
        if is_legacy(call) and not call.id:
            self.message["function_call"] = write_function_call(call)
            return
        blobs = call.opaque
        if blobs and not writing.reply:
            blobs = writing.target.kept(blobs, writing.model, call.origin)
        for blob in blobs:
            if blob.kind != "thought_signature":
                why = "the dialect has no place for it at a call"
                writing.target.losses.tuning(call.origin, blob.kind.replace("_", " "), why)
        written = write_call(call, writing.id_of(call.id), blobs)
        mark_cache(written, call.cache, writing.target, call.origin)
        calls.append(written)
        _note_id(call.item_id, call, writing)

    def _thought(self, thought: Reasoning, content: list[Item]) -> None:
        writing = self.writing
        target = writing.target
        if not (writing.reply or goes_as_it_came(thought, target)) and target.quirks.reasoning_field is None:
            target.losses.tuning(thought.origin, "thought", "the server takes no thoughts back")
            return
        if is_part(thought, target):
            content.append(thought)
            return
        usual = "reasoning_content"
        blobs = self._readable(thought)
        for name, said in write_thought(thought, blobs, target, usual).items():
            known = self.message.get(name)
            self.message[name] = f"{known}\n\n{said}" if known and isinstance(said, str) else said

    def _readable(self, thought: Reasoning) -> tuple[Opaque, ...]:
        writing = self.writing
        own = thought.origin is not None and thought.origin.protocol == NAME
        blobs = thought.opaque
        if not blobs or (own and (writing.reply or writing.target.quirks is NO_QUIRKS)):
            return blobs
        if not writing.reply:
            blobs = writing.target.kept(blobs, writing.model, thought.origin)
        if not (own and writing.target.quirks.reasoning_details):
            for blob in blobs:
                why = "the dialect has no place for it"
                writing.target.losses.tuning(thought.origin, blob.kind.replace("_", " "), why)
            return ()
        return blobs

    def _content(self, items: list[Item], *, listed: bool) -> None:
        """The content, and what stands beside it: refusal, sound, annotations."""
        entries: list[Part | Reasoning] = []
        for item in items:
            if isinstance(item, Message):
                for part in item.parts:
                    self._part(part, item, entries)
                if item.name is not None:
                    self.message["name"] = item.name
                _note_id(item.id, item, self.writing)
            elif isinstance(item, Reasoning):
                entries.append(item)
        if entries:
            self.message["content"] = self._said(entries, items[0], listed=listed)
        elif listed:
            self.message["content"] = []
        texts = [part for part in entries if isinstance(part, Text)]
        if any(text.citations for text in texts):
            if self.writing.own or self.writing.reply:
                self.message["annotations"] = write_annotations(texts, self.writing.target, items[0].origin)
            else:
                write_annotations(texts, self.writing.target, items[0].origin, refused=True)

    def _part(self, part: Part, item: Message, entries: list[Part | Reasoning]) -> None:
        target = self.writing.target
        own = part.origin is not None and part.origin.protocol == NAME
        if isinstance(part, Refusal) and not own:
            self.message["refusal"] = f"{self.message.get('refusal') or ''}{part.text}"
        elif isinstance(part, Audio) and (own or part.id):
            self._sound(part)
        elif self.turn is None and isinstance(part, Image):
            target.losses.meaning(part.origin or item.origin, "image", "the model's messages take none")
        else:
            entries.append(part)
            if isinstance(part, Text):
                note_opaque(part, target, item.origin)
                note_mark(part.cache, target, part.origin or item.origin)

    def _sound(self, part: Audio) -> None:
        origin = part.origin if part.origin and part.origin.protocol == NAME else None
        sound: Fields = dict(origin.rest) if origin else {}
        if part.id is not None:
            sound["id"] = part.id
        if part.source is not None and hasattr(part.source, "data"):
            sound["data"] = part.source.data
        if part.transcript is not None:
            sound["transcript"] = part.transcript
        self.message["audio"] = sound

    def _said(self, entries: list[Part | Reasoning], item: Item, *, listed: bool) -> Json:
        plain = [
            part
            for part in entries
            if not isinstance(part, Reasoning) and is_plain(part, self.writing.target)
        ]
        texts = [part.text for part in plain if isinstance(part, Text)]
        if not listed and len(texts) == len(entries) and (self.writing.reply or len(texts) == 1):
            return "".join(texts)
        owner = item.origin.path if item.origin else ()
        content: list[Json] = []
        for part in entries:
            if isinstance(part, Reasoning):
                content.append(write_thought_part(part))
            elif (said := write_part(part, self.writing.target, owner)) is not None:
                content.append(said)
        if self.writing.target.quirks.text_only and len(texts) == len(entries):
            return "\n\n".join(texts)
        return content

    def _complete(self, called: bool) -> None:
        """What every message of the API has: content, null beside calls (case 25)."""
        if not self.message.get("content"):
            other = called or self.message.get("refusal") or self.message.get("audio") or self.writing.reply
            self.message["content"] = None if other else ""
        if self.writing.reply:
            self.message.setdefault("refusal", None)


def write_assistant(items: Sequence[Item], turn: Turn | None, writing: Writing) -> Fields:
    """What the model said, as one message."""
    return Assistant(writing, turn, {}).write(items)
