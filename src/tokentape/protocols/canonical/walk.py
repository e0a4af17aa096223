"""What cannot leave its dialect: found in one walk, so that no writer has to think of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import NativeTool
from tokentape.protocols.canonical.items import Message, ServerTool, ToolResult
from tokentape.protocols.canonical.parts import Refusal, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Path, Turn
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

    FieldsOf = Callable[[str], tuple[frozenset[str], frozenset[str]]]


class Walk:
    """Notes every native thing of dialects other than `target`.

    `fields_of` gives, for a dialect, the names of its own fields whose loss changes the meaning, and of
    those that say nothing to anybody else. `met` is true once something was met that has to be taken out.
    """

    def __init__(self, target: str, losses: Losses, fields_of: FieldsOf) -> None:
        self._target = target
        self._losses = losses
        self._fields_of = fields_of
        self._turn: Turn | None = None
        self.met = False

    def conversation(self, asked: Conversation) -> None:
        """A request."""
        self._origin(asked.origin)
        if asked.continuation is not None and asked.continuation.protocol != self._target:
            name = (
                "conversation" if asked.continuation.previous_response_id is None else "previous_response_id"
            )
            self._losses.meaning((name,), "continuation", "the state is kept at another provider")
        for nth, tool in enumerate(asked.tools):
            if isinstance(tool, NativeTool) and tool.protocol != self._target:
                why = f"a tool that {tool.protocol} runs itself"
                self._losses.meaning(tool.origin or ("tools", nth), f"tool {tool.kind}", why)
            self._origin(tool.origin)
        for node in (asked.tool_choice, asked.output, asked.thinking):
            self._origin(node.origin if node else None)
        self.items(asked.items)

    def reply(self, reply: Reply) -> None:
        """A reply."""
        self._origin(reply.origin)
        for choice in reply.choices:
            self._origin(choice.origin)
            self.items(choice.items)

    def items(self, items: Iterable[Item]) -> None:
        """The items, with their parts."""
        for item in items:
            origin = item.origin
            if origin is not None and origin.protocol != self._target:
                self._foreign(origin)
            if isinstance(item, Message | ToolResult):
                for part in item.parts:
                    if part.origin is not None or isinstance(part, Unknown):
                        self._part(part, item)
            elif isinstance(item, ServerTool | Unknown) and item.protocol != self._target:
                self._native(item)

    def _native(self, item: ServerTool | Unknown) -> None:
        self.met = True
        if isinstance(item, ServerTool):
            self._losses.meaning(item.origin, item.kind, f"a tool that {item.protocol} ran itself")
        else:
            self._losses.meaning(item.origin, _kind(item.json), f"only {item.protocol} has such an item")

    def _part(self, part: Part, item: Message | ToolResult) -> None:
        if not isinstance(part, Unknown):
            self._origin(part.origin)
        elif part.protocol != self._target:
            self.met = True
            why = f"only {part.protocol} has such a part"
            self._losses.meaning(part.origin or item.origin, _kind(part.json), why)

    def _origin(self, origin: Origin | None) -> None:
        if origin is not None and origin.protocol != self._target:
            self._foreign(origin)

    def _foreign(self, origin: Origin) -> None:
        if origin.rest:
            self._rest(origin.rest, origin.path, origin.protocol)
        turn = origin.turn
        if turn is not None and turn is not self._turn:
            self._turn = turn
            if turn.rest:
                self._rest(turn.rest, turn.path, origin.protocol)

    def _rest(self, rest: Mapping[str, Json], path: Path, protocol: str) -> None:
        meaning, implied = self._fields_of(protocol)
        for name, value in rest.items():
            if value is None or name in implied:
                continue
            note = self._losses.meaning if name in meaning else self._losses.tuning
            note(path, name, f"only {protocol} has such a field", name)


def _kind(json: Json) -> str:
    kind = json.get("type") if isinstance(json, dict) else None
    if isinstance(kind, str):
        return kind
    return next(iter(json), "an empty object") if isinstance(json, dict) else "a value"


def note_ids(items: Iterable[Item], target: str, losses: Losses) -> None:
    """Note the ids of messages in a history, for a dialect whose messages have none."""
    for item in _foreign_messages(items, target):
        if item.id is not None:
            losses.tuning(item.origin, "item id", "messages have none")


def note_logprobs(items: Iterable[Item], target: str, losses: Losses) -> None:
    """Note how likely the tokens of a history were, for a dialect whose requests do not tell it."""
    for item in _foreign_messages(items, target):
        for part in item.parts:
            if isinstance(part, Text | Refusal) and part.logprobs:
                losses.tuning(part.origin or item.origin, "logprobs", "requests tell none")


def _foreign_messages(items: Iterable[Item], target: str) -> Iterator[Message]:
    for item in items:
        if isinstance(item, Message) and not (item.origin and item.origin.protocol == target):
            yield item


def portable(items: tuple[Item, ...], target: str) -> tuple[Item, ...]:
    """The items without what only another dialect than `target` knows, so that writers never meet it."""
    return tuple(_bare(item, target) for item in items if not _is_foreign(item, target))


def _bare(item: Item, target: str) -> Item:
    if isinstance(item, Message | ToolResult) and any(_is_foreign(part, target) for part in item.parts):
        return replace(item, parts=tuple(part for part in item.parts if not _is_foreign(part, target)))
    return item


def _is_foreign(node: Item | Part, target: str) -> bool:
    return isinstance(node, ServerTool | Unknown) and node.protocol != target
