"""The blocks of a stream as deltas of chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Audio, Citation, Data, Inline, Refusal, Text, Unknown
from tokentape.protocols.minting import minted
from tokentape.protocols.openai_chat.annotations import annotation
from tokentape.protocols.openai_chat.calls_write import is_legacy, write_call, write_function_call
from tokentape.protocols.openai_chat.content_write import data_text
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.thoughts_write import is_part, own_origin, shown, write_thought_part
from tokentape.protocols.tool_ids import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.events import Amend, Delta, Open
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(slots=True)
class ChoiceOut:
    """What was written of a choice."""

    index: int
    calls: int = 0
    notes: int = 0
    legacy: bool = False
    thought: bool = False
    length: int = 0
    finished: bool = False


class Block:
    """A block that says nothing in Chat: what it is has been noted."""

    kind = ""

    def __init__(self, choice: ChoiceOut) -> None:
        self.choice = choice

    def opened(self) -> Iterator[Fields]:
        """The deltas that open it."""
        return iter(())

    def more(self, delta: Delta) -> Fields | None:
        """The delta that says more."""
        del delta
        return None

    def amend(self, amend: Amend) -> Fields | None:
        """The delta that says what was amended."""
        del amend
        return None

    def close(self) -> Fields | None:
        """What has to be said at its end."""
        return None


class _Whole(Block):
    """A block that comes all at once."""

    def __init__(self, choice: ChoiceOut, delta: Fields) -> None:
        super().__init__(choice)
        self._delta = delta

    def opened(self) -> Iterator[Fields]:
        yield self._delta


class _Said(Block):
    """Text, or a refusal."""

    def __init__(self, choice: ChoiceOut, block: Text | Refusal, target: Target) -> None:
        super().__init__(choice)
        self.kind = "refusal" if isinstance(block, Refusal) else "content"
        self._begun = block
        self._target = target
        self._start = choice.length
        self._length = 0

    def opened(self) -> Iterator[Fields]:
        if said := self._said(self._begun.text):
            yield said
        if isinstance(self._begun, Text) and self._begun.citations:
            yield {"annotations": [note for each in self._begun.citations for note in self._noted(each)]}

    def more(self, delta: Delta) -> Fields | None:
        return self._said(delta.text)

    def _said(self, text: str) -> Fields | None:
        if not text:
            return None
        if self.kind == "content":
            self._length += len(text)
            self.choice.length += len(text)
        return {self.kind: text}

    def amend(self, amend: Amend) -> Fields | None:
        if amend.name == "citations" and isinstance(amend.value, Citation):
            notes = list(self._noted(amend.value))
            return {"annotations": notes} if notes else None
        if amend.name == "text" and isinstance(amend.value, str) and not self._length:
            return self._said(amend.value)
        if amend.name == "opaque":
            self._target.losses.tuning((), "signature of a text", "the dialect has no place for it")
        return None

    def _noted(self, citation: Citation) -> Iterator[Json]:
        note = annotation(citation, self._start, self._length)
        if note is None:
            self._target.losses.tuning((), "citation", "it names no web page")
        elif citation.protocol == NAME or not isinstance(note, dict):
            yield note
        else:  # OpenAI's SDK joins the lists of several deltas by index, and raises where there is none
            yield {"index": self.choice.notes, **note}
            self.choice.notes += 1


class _Thought(Block):
    """A thought; its summaries are paragraphs of it."""

    def __init__(self, choice: ChoiceOut, block: Reasoning, target: Target) -> None:
        super().__init__(choice)
        self._begun = block
        self._target = target
        self._as_part = is_part(block, target)
        self._own = own_origin(block)
        self._said = False
        self._in_details = False
        self._last: int | None = None

    def opened(self) -> Iterator[Fields]:
        if told := self._more(shown(self._begun), None):
            yield told
        for blob in self._begun.opaque:
            if said := self._blob(blob.kind, blob.data):
                yield said

    def more(self, delta: Delta) -> Fields | None:
        return self._more(delta.text, delta.part)

    def _more(self, text: str, part: int | None) -> Fields | None:
        if not text:
            return None
        apart = (self._said and part != self._last) or (not self._said and self.choice.thought)
        self._said = self.choice.thought = True
        self._last = part
        if self._as_part:
            return {"content": [write_thought_part(Reasoning(text))]}
        said = f"\n\n{text}" if apart else text
        fields = self._fields()
        if not fields:
            self._in_details = True
            return {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": said}]}
        return dict.fromkeys(fields, said)

    def _fields(self) -> list[str]:
        """The fields that say it: those it came in, none where only OpenRouter's details said it."""
        names = self._own.spelling.get("fields") if self._own else None
        if self._target.quirks.reasoning_field is None and isinstance(names, list):
            return [str(name) for name in names]
        return [self._target.quirks.reasoning_field or "reasoning_content"]

    def amend(self, amend: Amend) -> Fields | None:
        value = amend.value
        if amend.name == "opaque":
            return self._blob(getattr(value, "kind", ""), getattr(value, "data", None))
        if amend.name == "summary" and isinstance(value, str):
            return self._more(value, -1 if self._last is None else self._last - 1)
        if amend.name == "text" and isinstance(value, str) and not self._said:
            return self._more(value, None)
        return None

    def _blob(self, kind: str, data: Json) -> Fields | None:
        if kind.startswith("reasoning") and self._own:
            if self._in_details and isinstance(data, dict) and kind == "reasoning.text":
                # Its text was told piece by piece: what is left is its signature and the like.
                data = {name: value for name, value in data.items() if name != "text"}
            return {"reasoning_details": [data]}
        self._target.losses.tuning((), kind.replace("_", " "), "the dialect has no place for it")
        return None


class _Call(Block):
    """A tool call."""

    def __init__(self, choice: ChoiceOut, block: ToolCall, given: str) -> None:
        super().__init__(choice)
        self._begun = block
        self._legacy = is_legacy(block) and not block.id
        self._index = choice.calls
        self._inner, self._written = (
            ("custom", "input") if block.kind == "custom" else ("function", "arguments")
        )
        self._given = given
        self._said = bool(block.arguments)
        self._own = block.origin is not None and block.origin.protocol == NAME
        if self._legacy:
            choice.legacy = True
        else:
            choice.calls += 1

    def opened(self) -> Iterator[Fields]:
        if self._legacy:
            yield {"function_call": {"arguments": "", **write_function_call(self._begun)}}
            return
        entry = write_call(self._begun, self._given, self._begun.opaque)
        inner = entry[self._inner]
        if isinstance(inner, dict):
            inner[self._written] = self._begun.arguments
        entry["type"] = self._inner
        yield {"tool_calls": [{"index": self._index, **entry}]}

    def more(self, delta: Delta) -> Fields | None:
        return self._more(delta.text)

    def _more(self, text: str) -> Fields | None:
        if not text:
            return None
        self._said = True
        if self._legacy:
            return {"function_call": {"arguments": text}}
        return {"tool_calls": [{"index": self._index, self._inner: {self._written: text}}]}

    def amend(self, amend: Amend) -> Fields | None:
        value = amend.value
        told: Fields = {}
        if amend.name == "opaque" and getattr(value, "kind", "") == "thought_signature":
            told["extra_content"] = {"google": {"thought_signature": getattr(value, "data", None)}}
        elif amend.name == "id" and isinstance(value, str) and value and not self._given:
            told["id"] = value if self._own else RULES["openai"].fitted(value)
        elif amend.name == "name" and isinstance(value, str):
            told[self._inner] = {"name": value}
        elif amend.name == "arguments" and isinstance(value, str) and not self._said:
            return self._more(value)
        return {"tool_calls": [{"index": self._index, **told}]} if told and not self._legacy else None

    def close(self) -> Fields | None:
        """No arguments are `{}`, which a JSON parser takes (case 11)."""
        if self._said or self._own or self._inner == "custom":
            return None
        return self._more("{}")


def block_of(event: Open, choice: ChoiceOut, target: Target, own: bool, seed: str) -> Block:
    """The block that an `Open` opens."""
    block = event.block
    match block:
        case Text() | Refusal():
            return _Said(choice, block, target)
        case Reasoning():
            return _Thought(choice, block, target)
        case ToolCall():
            given = block.id or ("" if own else minted("call_", seed, event.key, block.name))
            rule = target.quirks.tool_ids or (None if own else "openai")
            return _Call(choice, block, RULES[rule].fitted(given) if rule and given else given)
        case Data():
            return _Said(choice, Text(data_text(block, target, None)), target)
        case Unknown():
            return _Whole(choice, {"content": [block.json]})
        case Audio():
            return _Whole(choice, {"audio": _sound(block)})
        case Message():
            said = "".join(part.text for part in block.parts if isinstance(part, Text))
            return _Said(choice, Text(said), target)
        case _:
            target.losses.meaning(
                block.origin, type(block).__name__.lower(), "the model's messages take none"
            )
            return Block(choice)


def _sound(block: Audio) -> Fields:
    sound: Fields = dict(block.origin.rest) if block.origin and block.origin.protocol == NAME else {}
    if block.id is not None:
        sound["id"] = block.id
    if isinstance(block.source, Inline):
        sound["data"] = block.source.data
    if block.transcript is not None:
        sound["transcript"] = block.transcript
    return sound
