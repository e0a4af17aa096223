"""One output item while it is written: the events of its life (API reference, "Streaming events").

Added, its parts or texts bit by bit, each of them done, then the item done. An id is the same in all of
them (case 40).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall
from tokentape.protocols.canonical.parts import Citation, Refusal, Text
from tokentape.protocols.openai_responses.write_content import write_citation, write_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.protocols.canonical.events import Amend, Delta
    from tokentape.protocols.canonical.fold import Assembly
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.openai_responses.write_items import Items
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_EVENTS = {
    "function_call": ("function_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
    "mcp_call": ("mcp_call_arguments", "arguments"),
    "code_interpreter_call": ("code_interpreter_call_code", "code"),
}
"""Items with a text that is written bit by bit: the name of its events, and the field."""


class LiveItem(ABC):
    """What all of them have: a place, an id, and whether they are closed or done."""

    def __init__(self, items: Items, place: int) -> None:
        self.items = items
        self.place = place
        self.id: str | None = None
        self.call_id: str | None = None
        self.after = False
        """True once another item began."""

    @property
    def here(self) -> Fields:
        """Where its events happen."""
        return {"item_id": self.id or "", "output_index": self.place}

    def named(self, written: Fields) -> Fields:
        """The item with the ids that its first event had: clients have taken them."""
        if self.id is not None:
            written["id"] = self.id
        if self.call_id is not None:
            written["call_id"] = self.call_id
        return written

    def added(self, item: Item, empty: Fields) -> Fields:
        """Its first event. `empty`: what will come."""
        written = self.items.write(item, self.place, "in_progress") or {}
        if "status" in written:
            written["status"] = "in_progress"
        given, call_id = written.get("id"), written.get("call_id")
        self.id = given if isinstance(given, str) else None
        self.call_id = call_id if isinstance(call_id, str) else None
        fields = {name: value for name, value in empty.items() if name in written}
        return {
            "type": "response.output_item.added", "output_index": self.place, "item": {**written, **fields},
        }  # fmt: skip

    @property
    @abstractmethod
    def whole(self) -> Item:
        """The item as it is by now."""

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """True if all of it was said."""

    @abstractmethod
    def begin(self) -> Iterator[Fields]:
        """The item begins."""

    @abstractmethod
    def more(self, delta: Delta) -> Iterable[Fields]:
        """A bit of its text."""

    @abstractmethod
    def close(self) -> Iterator[Fields]:
        """All of it was said."""

    def amended(self, amend: Amend) -> Iterable[Fields]:
        """More about it, which is told when it is done."""
        del amend
        return ()

    def finish(self, status: str) -> Iterator[Fields]:
        """The item is done."""
        written = self.items.write(self.whole, self.place, status) or {}
        yield {"type": "response.output_item.done", "output_index": self.place, "item": self.named(written)}


class LiveMessage(LiveItem):
    """A message, with parts that are open or closed."""

    def __init__(self, items: Items, place: int, shell: Message) -> None:
        super().__init__(items, place)
        self.shell = shell
        self.parts: dict[int, Assembly] = {}
        self.places: dict[int, int] = {}
        self.cited: dict[int, int] = {}
        self.open: set[int] = set()

    def begin(self) -> Iterator[Fields]:
        """The message begins."""
        yield self.added(replace(self.shell, parts=()), {"content": []})

    @property
    def whole(self) -> Item:
        """The message with its parts."""
        parts: list[Part] = [block.whole() for block in self.parts.values()]  # type: ignore[misc]
        return replace(self.shell, parts=tuple(parts))

    @property
    def is_closed(self) -> bool:
        """True if no part is open."""
        return not self.open

    def _here(self, key: int) -> Fields:
        return {**self.here, "content_index": self.places[key]}

    def _part(self, part: Part) -> Fields:
        return write_part(part, "output_text", self.items.target, self.items.model) or {}

    def add_part(self, key: int, block: Assembly) -> Iterator[Fields]:
        """A part begins."""
        begun = block.begun
        self.parts[key] = block
        self.places[key] = len(self.places)
        self.open.add(key)
        first = ""
        if isinstance(begun, Text):
            first, begun = begun.text, replace(begun, text="", citations=(), opaque=(), logprobs=None)
        elif isinstance(begun, Refusal):
            first, begun = begun.text, replace(begun, text="")
        part = self._part(begun)  # type: ignore[arg-type]
        yield {"type": "response.content_part.added", **self._here(key), "part": part}
        if first:
            yield from self._said(key, first)

    def more(self, delta: Delta) -> Iterable[Fields]:
        """A bit of a part's text."""
        return self._said(delta.key, delta.text)

    def _said(self, key: int, text: str) -> Iterator[Fields]:
        begun = self.parts[key].begun
        if isinstance(begun, Refusal):
            yield {"type": "response.refusal.delta", **self._here(key), "delta": text}
        elif isinstance(begun, Text):
            yield {
                "type": "response.output_text.delta", "item_id": self.id or "", "output_index": self.place,
                "content_index": self.places[key], "delta": text, "logprobs": [],
            }  # fmt: skip

    def amended(self, amend: Amend) -> Iterable[Fields]:
        """More about a part: what it cites."""
        key = amend.key
        if not isinstance(amend.value, Citation) or not isinstance(self.parts[key].begun, Text):
            return ()
        latest = write_citation(amend.value, self.parts[key].text)
        if latest is None:
            return ()
        index = self.cited.get(key, 0)
        self.cited[key] = index + 1
        place: Fields = {**self._here(key), "annotation_index": index, "annotation": latest}
        return ({"type": "response.output_text.annotation.added", **place},)

    def close_part(self, key: int) -> Iterator[Fields]:
        """A part is whole."""
        if key not in self.open:
            return
        self.open.discard(key)
        whole = self.parts[key].whole()
        part = self._part(whole)  # type: ignore[arg-type]
        if isinstance(whole, Refusal):
            yield {"type": "response.refusal.done", **self._here(key), "refusal": whole.text}
        elif isinstance(whole, Text):
            said: Fields = {"text": whole.text, "logprobs": part.get("logprobs") or []}
            yield {"type": "response.output_text.done", **self._here(key), **said}
        yield {"type": "response.content_part.done", **self._here(key), "part": part}

    def close(self) -> Iterator[Fields]:
        """All of it was said."""
        for key in sorted(self.open, key=self.places.__getitem__):
            yield from self.close_part(key)


class LiveBlock(LiveItem):
    """An item that is one block: a call, a thought, what the provider runs."""

    def __init__(self, items: Items, place: int, block: Assembly) -> None:
        super().__init__(items, place)
        self.block = block
        self.closed = False
        self._kind = ""
        self._thought = False
        self._summaries: list[list[str]] = []
        self._summary_open = -1

    def begin(self) -> Iterator[Fields]:
        """The item begins: empty, then what it says already."""
        begun: Item = self.block.begun  # type: ignore[assignment]
        empty: Fields = {"arguments": "", "input": ""} if isinstance(begun, ToolCall) else {}
        first = self.block.text
        shown = begun
        if isinstance(begun, Reasoning):
            shown = replace(begun, text="", summary=(), opaque=())
        elif isinstance(begun, ServerTool) and begun.arguments is not None:
            shown = replace(begun, arguments="")
        elif isinstance(begun, ToolCall):
            shown = replace(begun, opaque=())
        event = self.added(shown, empty)
        item = event["item"]
        self._kind = str(item.get("type")) if isinstance(item, dict) else ""
        yield event
        if isinstance(begun, Reasoning):
            for nth, text in enumerate(begun.summary):
                yield from self._summary(text, nth)
        if first:
            yield from self.said(first)

    @property
    def whole(self) -> Item:
        """The item as it is by now."""
        return self.block.whole()  # type: ignore[return-value]

    @property
    def is_closed(self) -> bool:
        """True if it was closed."""
        return self.closed

    def more(self, delta: Delta) -> Iterator[Fields]:
        """A bit of its text."""
        if isinstance(self.block.begun, Reasoning) and delta.part is not None:
            yield from self._summary(delta.text, delta.part + len(self.block.begun.summary))
        else:
            yield from self.said(delta.text)

    def said(self, text: str) -> Iterator[Fields]:
        """A bit of a thought, or of arguments."""
        if isinstance(self.block.begun, Reasoning):
            here: Fields = {**self.here, "content_index": 0}
            if not self._thought:
                self._thought = True
                part: Fields = {"type": "reasoning_text", "text": ""}
                yield {"type": "response.content_part.added", **here, "part": part}
            yield {"type": "response.reasoning_text.delta", **here, "delta": text}
        elif self._kind in _EVENTS:
            name = f"response.{_EVENTS[self._kind][0]}.delta"
            yield {"type": name, "item_id": self.id or "", "output_index": self.place, "delta": text}

    def _summary(self, text: str, part: int) -> Iterator[Fields]:
        """A bit of a summary; the ones before it are done when it begins."""
        while len(self._summaries) <= part:
            yield from self._end_summary()
            self._summaries.append([])
            self._summary_open = len(self._summaries) - 1
            yield {
                "type": "response.reasoning_summary_part.added", **self.here,
                "summary_index": self._summary_open, "part": {"type": "summary_text", "text": ""},
            }  # fmt: skip
        self._summaries[part].append(text)
        if text:
            said: Fields = {"summary_index": part, "delta": text}
            yield {"type": "response.reasoning_summary_text.delta", **self.here, **said}

    def _end_summary(self) -> Iterator[Fields]:
        nth, self._summary_open = self._summary_open, -1
        if nth < 0:
            return
        text = "".join(self._summaries[nth])
        here: Fields = {**self.here, "summary_index": nth}
        yield {"type": "response.reasoning_summary_text.done", **here, "text": text}
        part: Fields = {"type": "summary_text", "text": text}
        yield {"type": "response.reasoning_summary_part.done", **here, "part": part}

    def close(self) -> Iterator[Fields]:
        """All of it was said."""
        if self.closed:
            return
        self.closed = True
        whole = self.whole
        if isinstance(whole, Reasoning):
            yield from self._end_summary()
            if self._thought:
                here: Fields = {**self.here, "content_index": 0}
                yield {"type": "response.reasoning_text.done", **here, "text": whole.text}
                part: Fields = {"type": "reasoning_text", "text": whole.text}
                yield {"type": "response.content_part.done", **here, "part": part}
        elif isinstance(whole, ToolCall) or (isinstance(whole, ServerTool) and whole.arguments is not None):
            yield from self._written(whole)

    def _written(self, whole: ToolCall | ServerTool) -> Iterator[Fields]:
        if self._kind not in _EVENTS:
            return
        name, field = _EVENTS[self._kind]
        item = self.items.write(whole, self.place) or {}
        said: Fields = {"name": whole.name} if isinstance(whole, ToolCall) and whole.kind != "custom" else {}
        told = item.get(field, "")
        if told and not whole.arguments:  # no arguments are `{}`, for who joins the deltas, too (case 11)
            yield {"type": f"response.{name}.delta", **self.here, "delta": told}
        yield {"type": f"response.{name}.done", **self.here, **said, field: told}
