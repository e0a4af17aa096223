"""Content blocks in canonical form (API reference, "Create a Message": `content`).

Text, images and documents that follow each other are one message; thoughts, calls and results are items
of their own. A block of a type that nobody has told us about stays where it is, as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.media import document_of, image_of
from tokentape.protocols.anthropic_messages.naming import NAME, mark_of
from tokentape.protocols.arguments import arguments_text
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Opaque, Origin, rest_of
from tokentape.protocols.canonical.parts import Citation, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.protocols.canonical.items import Item, Role
    from tokentape.protocols.canonical.origin import Maker, Turn
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    ReadItem = Callable[[Fields, Where, Turn | None, Maker], Item]

AS_TEXT: Mapping[str, Json] = {"content": "text"}
"""Spelling of a content that is a string, which means one text block."""

_TEXT = frozenset({"type", "text", "citations", "cache_control"})
_THINKING = frozenset({"type", "thinking", "signature"})
_REDACTED = frozenset({"type", "data"})
_CALL = frozenset({"type", "id", "name", "input", "cache_control"})
_RESULT = frozenset({"type", "tool_use_id", "content", "is_error", "cache_control"})


def items_of(content: list[Json], role: Role, where: Where, turn: Turn | None, maker: Maker) -> list[Item]:
    """The items of one native message. `where` is the place of its content."""
    items: list[Item] = []
    parts: list[Part] = []
    first = 0
    for nth, block in enumerate(content):
        if not isinstance(block, dict):
            where.fields(block, nth)
            continue
        read = _reader_of(block, where, nth)
        if read is None:
            first = first if parts else nth
            parts.append(part_of(block, where, nth))
            continue
        if parts:
            items.append(_message(role, parts, where, first, turn))
            parts = []
        items.append(read(block, where.at(nth), turn, maker))
    if parts or not items:
        items.append(_message(role, parts, where, first, turn))
    return items


def _message(role: Role, parts: list[Part], where: Where, first: int, turn: Turn | None) -> Message:
    return Message(role, tuple(parts), origin=Origin(NAME, (*where.path, first), turn=turn))


def part_of(block: Fields, where: Where, nth: int) -> Part:
    """A part of a message, or of a tool's result."""
    kind = block.get("type")
    if kind == "text":
        return text_of(block, where, nth)
    if kind == "image":
        return image_of(block, where.at(nth))
    if kind == "document":
        return document_of(block, where.at(nth))
    where.text(kind, nth, "type")
    return Unknown(NAME, block, Origin(NAME, (*where.path, nth)))


def text_of(block: Fields, where: Where, nth: int) -> Text:
    """A text block."""
    text = block.get("text")
    if not isinstance(text, str):
        where.text(text, nth, "text")
        return Text("")
    if len(block) == 2:
        return Text(text)
    at = where.at(nth)
    rest = rest_of(block, _TEXT)
    citations: tuple[Citation, ...] = ()
    if (told := block.get("citations")) is not None:
        citations = tuple(
            citation_of(at.fields(entry, "citations", n))
            for n, entry in enumerate(at.entries(told, "citations"))
        )
        rest = rest if citations else {**rest, "citations": []}
    mark = mark_of(block.get("cache_control"), at)
    return Text(text, citations, cache=mark, origin=Origin(NAME, at.path, rest))


def citation_of(told: Fields) -> Citation:
    """A citation, of any of Anthropic's kinds. Its offsets count in the source, so they stay in `raw`."""

    def text(*names: str) -> str | None:
        return next((value for name in names if isinstance(value := told.get(name), str)), None)

    return Citation(
        NAME,
        text("type") or "",
        told,
        url=text("url", "source"),
        title=text("title", "document_title"),
        cited=text("cited_text"),
    )


def thinking_of(block: Fields, where: Where, turn: Turn | None, maker: Maker) -> Reasoning:
    """A thought. Its text may be empty: then it was signed, but not shown (case 16)."""
    text = where.text(block.get("thinking"), "thinking")
    signature = where.text_or_none(block.get("signature"), "signature")
    rest = rest_of(block, _THINKING)
    if signature == "":
        rest = {**rest, "signature": ""}
    opaque = (Opaque("signature", signature, maker),) if signature else ()
    return Reasoning(text, opaque=opaque, origin=Origin(NAME, where.path, rest, turn=turn))


def _redacted(block: Fields, where: Where, turn: Turn | None, maker: Maker) -> Reasoning:
    data = where.text(block.get("data"), "data")
    origin = Origin(NAME, where.path, rest_of(block, _REDACTED), turn=turn)
    return Reasoning(opaque=(Opaque("redacted", data, maker),), origin=origin)


def _call(block: Fields, where: Where, turn: Turn | None, maker: Maker) -> ToolCall:
    del maker
    return ToolCall(
        where.text(block.get("id"), "id"),
        where.text(block.get("name"), "name"),
        arguments_text(where.fields(block.get("input"), "input"), where, "input"),
        cache=mark_of(block.get("cache_control"), where),
        origin=Origin(NAME, where.path, rest_of(block, _CALL), turn=turn),
    )


def _result(block: Fields, where: Where, turn: Turn | None, maker: Maker) -> ToolResult:
    del maker
    content = block.get("content")
    spelling: Mapping[str, Json] = NOTHING
    parts: tuple[Part, ...] = ()
    if isinstance(content, str):
        parts, spelling = (Text(content),), AS_TEXT
    elif content is None:
        spelling = {"content": "absent"}
    else:
        inner = where.at("content")
        entries = enumerate(where.entries(content, "content"))
        parts = tuple(part_of(inner.fields(entry, n), inner, n) for n, entry in entries)
    return ToolResult(
        where.text(block.get("tool_use_id"), "tool_use_id"),
        parts,
        is_error=where.flag_or_none(block.get("is_error"), "is_error"),
        cache=mark_of(block.get("cache_control"), where),
        origin=Origin(NAME, where.path, rest_of(block, _RESULT), spelling, turn),
    )


def _server_tool(block: Fields, where: Where, turn: Turn | None, maker: Maker) -> ServerTool:
    del maker
    origin = Origin(NAME, where.path, turn=turn)
    if block.get("input") is not None:
        given = where.fields(block["input"], "input")
        json: Fields = {name: value for name, value in block.items() if name != "input"}
        return ServerTool(NAME, server_kind(block), json, arguments_text(given, where, "input"), origin)
    return ServerTool(NAME, server_kind(block), block, origin=origin)


def server_kind(block: Fields) -> str:
    """What a tool of Anthropic's does, in a word that other dialects use too."""
    kind = block.get("type")
    name = block.get("name") if kind == "server_tool_use" else kind
    said = (name if isinstance(name, str) else "server_tool").removesuffix("_tool_result")
    if "code_execution" in said or said == "container_upload":
        return "code_execution"
    if said.startswith("mcp"):
        return "mcp"
    return "tool_search" if said.startswith("tool_search") else said


def is_server_tool(kind: str) -> bool:
    """True for the blocks of tools that Anthropic runs: calls, results, files for a container."""
    return kind in _SERVER or kind.endswith("_tool_result")


_SERVER = frozenset({"server_tool_use", "mcp_tool_use", "container_upload", "mcp_tool_listing"})
_ITEMS: dict[str, ReadItem] = {
    "thinking": thinking_of,
    "redacted_thinking": _redacted,
    "tool_use": _call,
    "tool_result": _result,
}


def _reader_of(block: Fields, where: Where, nth: int) -> ReadItem | None:
    """Who reads a block that is an item of its own; None for parts of a message."""
    kind = block.get("type")
    if kind == "text":
        return None
    if not isinstance(kind, str):
        where.text(kind, nth, "type")
        return None
    return _ITEMS.get(kind) or (_server_tool if is_server_tool(kind) else None)
