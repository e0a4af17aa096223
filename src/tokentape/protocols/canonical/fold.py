"""A stream of canonical events as the reply it amounts to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.canonical.parts import Refusal, Text, Unknown
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.usage import COUNTS, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json


class Assembly:
    """One block while it comes in."""

    __slots__ = ("_amended", "_appended", "_summary", "_text", "begun", "choice", "message")

    def __init__(self, opened: Open) -> None:
        self.begun = opened.block
        self.choice = opened.choice
        self.message = opened.message
        self._text: list[str] = []
        self._summary: list[list[str]] = []
        self._amended: dict[str, object] = {}
        self._appended: dict[str, list[object]] = {}

    def more(self, delta: Delta) -> None:
        """A piece of its text, or of a summary."""
        if delta.part is None:
            self._text.append(delta.text)
            return
        while len(self._summary) <= delta.part:
            self._summary.append([])
        self._summary[delta.part].append(delta.text)

    def amend(self, amend: Amend) -> None:
        """More about it."""
        if amend.name in _APPENDED.get(type(self.begun).__name__, ()):
            self._appended.setdefault(amend.name, []).append(amend.value)
        else:
            self._amended[amend.name] = amend.value

    @property
    def text(self) -> str:
        """The text so far."""
        begun = self.begun
        first = begun.text if isinstance(begun, Text | Refusal | Reasoning) else ""
        if isinstance(begun, ToolCall | ServerTool):
            first = begun.arguments or ""
        return first + "".join(self._text)

    def whole(self) -> Block:
        """The block as it is by now."""
        changes: dict[str, object] = {}
        if self._text and isinstance(self.begun, Text | Refusal | Reasoning | ToolCall | ServerTool):
            changes["arguments" if isinstance(self.begun, ToolCall | ServerTool) else "text"] = self.text
        if self._summary and isinstance(self.begun, Reasoning):
            changes["summary"] = (*self.begun.summary, *("".join(part) for part in self._summary))
        for name, values in self._appended.items():
            known = changes.get(name, getattr(self.begun, name))
            changes[name] = (*(known if isinstance(known, tuple) else ()), *values)
        changes.update(self._amended)
        return replace(self.begun, **changes) if changes else self.begun  # type: ignore[arg-type]


_APPENDED = {
    "Text": frozenset({"citations", "opaque", "logprobs"}),
    "Refusal": frozenset({"logprobs"}),
    "Reasoning": frozenset({"summary", "opaque"}),
    "ToolCall": frozenset({"opaque"}),
    "Image": frozenset({"opaque"}),
}
"""Fields of blocks that grow: those that are tuples."""


class Fold:
    """Takes events, gives the reply so far."""

    def __init__(self) -> None:
        self.blocks: dict[int, Assembly] = {}
        self.started = Started("")
        self.rest: Mapping[str, Json] = NOTHING
        self.stopped: dict[int, Stopped] = {}
        self.usage: Usage | None = None
        self.failure: Failure | None = None
        self.complete = False

    def add(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case Delta():
                self.blocks[event.key].more(event)
            case Open():
                self.blocks[event.key] = Assembly(event)
            case Amend():
                self.blocks[event.key].amend(event)
            case Started():
                self.started = _later(self.started, event)
                self.rest = {**self.rest, **event.rest}
            case Stopped():
                self.stopped[event.choice] = event
            case Counted():
                self.usage = counted(self.usage, event.usage)
            case Failed():
                self.failure = event.failure
            case Ended():
                self.complete = event.complete
            case Close() | _:
                pass

    def reply(self) -> Reply:
        """What came so far."""
        started = self.started
        return Reply(
            choices=tuple(self._choice(index) for index in self._indices()),
            id=started.id,
            model=started.model,
            created=started.created,
            usage=self.usage,
            complete=self.complete,
            failure=self.failure,
            origin=Origin(started.protocol, rest=self.rest),
        )

    def _indices(self) -> list[int]:
        return sorted({block.choice for block in self.blocks.values()} | self.stopped.keys()) or [0]

    def _choice(self, index: int) -> Choice:
        blocks = [block for block in self.blocks.values() if block.choice == index]
        stopped = self.stopped.get(index)
        origin = stopped.origin if stopped else None
        if origin is None and stopped and stopped.rest:
            origin = Origin(self.started.protocol, rest=stopped.rest)
        return Choice(joined(blocks), stopped.stop if stopped else None, index, origin)


def _later(old: Started, new: Started) -> Started:
    return Started(
        new.protocol, new.id or old.id, new.model or old.model, new.created or old.created, new.rest
    )


def joined(blocks: Iterable[Assembly]) -> tuple[Item, ...]:
    """The items: parts that follow each other, and name the same message, are one message."""
    items: list[Item] = []
    parts: list[Part] = []
    shell: Message | None = None

    def close() -> None:
        if parts:
            items.append(replace(shell or Message(Role.ASSISTANT, ()), parts=tuple(parts)))
            parts.clear()

    for block in blocks:
        whole = block.whole()
        if isinstance(whole, Message | Reasoning | ToolCall | ToolResult | ServerTool) or (
            isinstance(whole, Unknown) and block.message is None
        ):
            close()
            items.append(whole)
            continue
        if parts and block.message is not shell:
            close()
        shell = block.message
        parts.append(whole)
    close()
    return tuple(items)


def counted(old: Usage | None, new: Usage) -> Usage:
    """The later counts, with what only the earlier ones say: last that is known wins (case 36)."""
    if old is None:
        return new
    known = {name: value for name, value in new.counts.items() if value is not None}
    kept = {name: value for name in COUNTS if (value := getattr(old, name)) is not None and name not in known}
    return replace(
        new,
        **kept,
        model=new.model or old.model,
        tier=new.tier or old.tier,
        charged=old.charged if new.charged is None else new.charged,
        billed=new.billed or old.billed,
        raw={**old.raw, **new.raw},
    )


def fold(events: Iterable[Event]) -> Reply:
    """The reply that a whole stream amounts to."""
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded.reply()
