"""What a conversation is made of, in order: close to the items of OpenAI's Responses.

A flat list, since only that keeps the order of reasoning, text and tool calls inside one turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.parts import Unknown
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Opaque, Origin
    from tokentape.protocols.canonical.parts import CacheMark, Part
    from tokentape.wire.interaction import Json


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """What somebody says. `id` is the item's own, where the dialect gives one; `name` the speaker's."""

    role: Role
    parts: tuple[Part, ...]
    id: str | None = None
    name: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Reasoning:
    """What the model thought: the thought itself, summaries of it, and what only its maker can read.

    A thought that was signed but not shown has an empty `text` and a signature; one that was redacted has
    `opaque` alone.
    """

    text: str = ""
    summary: tuple[str, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    id: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model calls a tool of the caller's.

    `id` pairs it with its result ("" where the dialect gives none), `arguments` is the text the model
    wrote: JSON for kind "function" (mostly), anything for kind "custom". `item_id` is the item's own.
    """

    id: str
    name: str
    arguments: str
    kind: str = "function"
    opaque: tuple[Opaque, ...] = ()
    cache: CacheMark | None = None
    item_id: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the caller's tool gave back. `is_error` is None where the dialect does not say."""

    call_id: str
    parts: tuple[Part, ...]
    name: str | None = None
    is_error: bool | None = None
    kind: str = "function"
    cache: CacheMark | None = None
    item_id: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ServerTool:
    """A tool that the provider runs itself: a call, its result, or both in one.

    `kind` names it by what it does ("web_search", "code_execution", "mcp", ...), `json` is the native
    block; `arguments` is the text of its input where that streams, None where `json` has it.
    """

    protocol: str
    kind: str
    json: Json = field(repr=False)
    arguments: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


Item = Message | Reasoning | ToolCall | ToolResult | ServerTool | Unknown
