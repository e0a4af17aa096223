"""One output item while its events come in: what was told of it so far, and what a later event adds.

The events that say a part or an item is done hold it whole; whatever the bits before them left out is told
then. So servers that send only some of the events are read all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import Amend, Close, Delta, Open
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Refusal, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part


class Told:
    """One block: its key, how much of its text was told, and whether it is closed."""

    __slots__ = ("begun", "citations", "closed", "key", "logprobs", "said", "summaries")

    def __init__(self, key: int, begun: Block) -> None:
        self.key = key
        self.begun = begun
        self.said = 0
        self.summaries: list[int] = []
        self.citations = 0
        self.logprobs = 0
        self.closed = False

    def more(self, text: str) -> Delta:
        """A bit of its text."""
        self.said += len(text)
        return Delta(self.key, text)

    def more_summary(self, text: str, part: int) -> Delta:
        """A bit of one of its summaries."""
        while len(self.summaries) <= part:
            self.summaries.append(0)
        self.summaries[part] += len(text)
        return Delta(self.key, text, part)

    def rest_of_text(self, whole: str, field: str) -> Iterator[Event]:
        """What of its text was not told."""
        if len(whole) > self.said:
            yield self.more(whole[self.said :])
        elif len(whole) < self.said:
            self.said = len(whole)
            yield Amend(self.key, field, whole)

    def close(self) -> Iterator[Event]:
        """It is whole."""
        if not self.closed:
            self.closed = True
            yield Close(self.key)


class Coming:
    """An item that is not done. `parts` are those of a message by their place; `told` is any other item."""

    __slots__ = ("_keys", "done", "item", "parts", "rest", "shell", "told")

    def __init__(self, item: Item, keys: Iterator[int]) -> None:
        self.item = item
        self._keys = keys
        self.done = False
        self.parts: dict[int, Told] = {}
        self.told: Told | None = None
        self.shell: Message | None = None
        self.rest: dict[str, object] = {}
        if isinstance(item, Message):
            origin = item.origin
            if origin is not None:
                # The origin's rest is this very object: what the message says in the end is in it, too.
                self.rest = dict(origin.rest)
                origin = replace(origin, rest=self.rest)  # type: ignore[arg-type]
            self.shell = replace(item, parts=(), origin=origin)

    def begin(self) -> Iterator[Event]:
        """The item was added: it is shown empty, then what it says already."""
        if isinstance(self.item, Message):
            for nth, part in enumerate(self.item.parts):
                yield from self.add_part(nth, part)
            return
        yield self._open()
        if isinstance(self.item, Reasoning):
            self.item = replace(self.item, opaque=())
        yield from self._tell(self.item)

    def _open(self) -> Open:
        begun: Block = self.item
        if isinstance(begun, Reasoning):
            begun = replace(begun, text="", summary=(), opaque=())
        elif isinstance(begun, ToolCall) or (isinstance(begun, ServerTool) and begun.arguments is not None):
            begun = replace(begun, arguments="")
        self.told = Told(next(self._keys), begun)
        return Open(self.told.key, begun)

    # ---- messages

    def add_part(self, place: int, part: Part) -> Iterator[Event]:
        """A part begins."""
        begun: Part = part
        if isinstance(part, Text):
            begun = replace(part, text="", citations=(), logprobs=None)
        elif isinstance(part, Refusal):
            begun = replace(part, text="")
        told = Told(next(self._keys), begun)
        self.parts[place] = told
        yield Open(told.key, begun, 0, self.shell)
        yield from self._tell_part(told, part)

    def end_part(self, place: int, part: Part) -> Iterator[Event]:
        """A part is done, and this is all of it."""
        told = self.parts.get(place)
        if told is None:
            yield from self.add_part(place, part)
            told = self.parts[place]
        elif not told.closed:
            if isinstance(part, Unknown) and isinstance(told.begun, Unknown):
                yield Amend(told.key, "json", part.json)
            elif type(part) is type(told.begun):
                yield from self._tell_part(told, part)
                if part.origin is not None or told.begun.origin is not None:
                    yield Amend(told.key, "origin", part.origin)
        yield from told.close()

    def _tell_part(self, told: Told, part: Part) -> Iterator[Event]:
        if isinstance(part, Text | Refusal):
            yield from told.rest_of_text(part.text, "text")
        if isinstance(part, Text):
            for cited in part.citations[told.citations :]:
                yield Amend(told.key, "citations", cited)
            told.citations = max(told.citations, len(part.citations))
            for likely in (part.logprobs or ())[told.logprobs :]:
                yield Amend(told.key, "logprobs", likely)
            told.logprobs = max(told.logprobs, len(part.logprobs or ()))

    # ---- all items

    def end(self, whole: Item) -> Iterator[Event]:
        """The item is done, and this is all of it."""
        self.done = True
        if isinstance(whole, Message) and self.shell is not None:
            self._update(whole)
            for nth, part in enumerate(whole.parts):
                yield from self.end_part(nth, part)
            for told in self.parts.values():
                yield from told.close()
            return
        mine = self.told
        if mine is None:
            return
        if type(whole) is type(mine.begun):
            yield from self._tell(whole)
            yield from self._names(mine, whole)
            if whole.origin is not None:
                yield Amend(mine.key, "origin", whole.origin)
        yield from mine.close()

    def _update(self, whole: Message) -> None:
        """What the message says in the end stands where its first event said otherwise."""
        origin = whole.origin
        if origin is not None:
            self.rest.clear()
            self.rest.update(origin.rest)

    def _tell(self, whole: Item) -> Iterator[Event]:
        """What was not told of an item that is no message."""
        told = self.told
        if told is None:
            return
        match whole:
            case ToolCall():
                yield from told.rest_of_text(whole.arguments, "arguments")
            case ServerTool():
                if whole.arguments is not None:
                    yield from told.rest_of_text(whole.arguments, "arguments")
                elif isinstance(told.begun, ServerTool) and told.begun.arguments is not None:
                    yield Amend(told.key, "arguments", None)
            case Reasoning():
                for nth, text in enumerate(whole.summary):
                    known = told.summaries[nth] if nth < len(told.summaries) else -1
                    if len(text) > known:
                        yield told.more_summary(text[max(known, 0) :], nth)
                yield from told.rest_of_text(whole.text, "text")
                for blob in whole.opaque:
                    yield Amend(told.key, "opaque", blob)
            case _:
                pass

    def _names(self, told: Told, whole: Item) -> Iterator[Event]:
        """Fields that differ from those it began with."""
        begun = told.begun
        match whole:
            case ToolCall():
                names: tuple[str, ...] = ("id", "name", "item_id")
            case ServerTool() | Unknown():
                names = ("json",)
            case Reasoning():
                names = ("id",)
            case ToolResult():
                names = ("call_id", "parts", "item_id")
            case _:
                names = ()
        for name in names:
            value = getattr(whole, name)
            if name == "json" or value != getattr(begun, name):
                yield Amend(told.key, name, value)
