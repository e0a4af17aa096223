"""Content blocks as items and parts.

A block is an object with one field that names its kind. What is not known, or stands where it cannot,
becomes `Unknown` and goes back as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.protocols.arguments import arguments_text
from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.read_media import audio, document, image, video
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Maker, Opaque, Origin, Turn, rest_of
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Citation,
    Data,
    Document,
    Image,
    Text,
    Unknown,
    Video,
)
from tokentape.protocols.checking import Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Path
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_USE = frozenset({"toolUseId", "name", "input"})
_RESULT = frozenset({"toolUseId", "content", "status"})
_TTL = frozenset({"ttl"})
_THOUGHT = frozenset({"text", "signature"})
_DEFAULT = {"type": "default"}
_ERRORS = {"success": False, "error": True}
_ITEM = (Message, Reasoning, ToolCall, ToolResult, ServerTool)

SERVER_TOOLS = {"nova_grounding": "web_search", "nova_code_interpreter": "code_execution"}
"""Tools that Bedrock runs itself, by what they do."""


@dataclass(slots=True, eq=False)
class Around:
    """What is around a content: its path, the role, the native message, and who made what is opaque."""

    path: Path
    role: Role
    turn: Turn
    maker: Maker


def read_content(blocks: list[Json], around: Around) -> list[Item]:
    """The items of one native message; an empty one is a message without parts."""
    items: list[Item] = []
    parts: list[Part] = []
    begun = 0
    for nth, block in enumerate(blocks):
        if isinstance(block, dict) and len(block) == 1 and isinstance(said := block.get("text"), str):
            found: Item | Part | None = Text(said)
        else:
            where = Where(NAME, (*around.path, nth))
            found = _block(where.fields(block), where, around)
        if found is None and (found := _marked(block, items, parts)) is None:
            continue
        if isinstance(found, _ITEM):
            if parts:
                items.append(_message(parts, around, begun))
                parts = []
            items.append(found)
        else:
            begun = begun if parts else nth
            parts.append(found)
    if parts or not blocks:
        items.append(_message(parts, around, begun))
    return items


def _message(parts: list[Part], around: Around, begun: int) -> Message:
    path = around.turn.path if begun == 0 else (*around.path, begun)
    return Message(around.role, tuple(parts), origin=Origin(NAME, path, turn=around.turn))


def _block(block: Fields, where: Where, around: Around) -> Item | Part | None:
    """One block; None for a cache point that its neighbour may take."""
    if len(block) == 1:
        ((kind, value),) = block.items()
        if kind in _ITEMS:
            origin = Origin(NAME, where.path, turn=around.turn)
            inner = Where(NAME, (*where.path, kind))
            found = _ITEMS[kind](inner.fields(value), inner, around, origin)
            return found or Unknown(NAME, block, Origin(NAME, where.path))
        if kind == "cachePoint":
            return None
        if kind == "citationsContent":
            cited = _cited(where.fields(value, kind), where)
            return cited or Unknown(NAME, block, Origin(NAME, where.path))
    elif "text" in block and block.keys().isdisjoint(_KINDS):
        rest = rest_of(block, frozenset({"text"}))
        return Text(where.text(block["text"], "text"), origin=Origin(NAME, where.path, rest))
    return part_of(block, where)


def part_of(block: Fields, where: Where) -> Part:
    """A part that messages and results of tools may have."""
    if len(block) == 1:
        ((kind, value),) = block.items()
        if kind == "text":
            return Text(where.text(value, kind))
        if kind == "json":
            return Data(value)
        if kind in _PARTS:
            found = _PARTS[kind](where.fields(value, kind), where.at(kind))
            if found is not None:
                return found
    return Unknown(NAME, block, Origin(NAME, where.path))


def _marked(block: Json, items: list[Item], parts: list[Part]) -> Unknown | None:
    """A cache point: noted on what is before it, unless that is marked already or takes no mark."""
    mark = mark_of(block)
    if mark is not None and parts:
        last = parts[-1]
        if isinstance(last, Text | Image | Document | Audio | Video) and last.cache is None:
            parts[-1] = replace(last, cache=mark)
            return None
    elif mark is not None and items:
        item = items[-1]
        if isinstance(item, ToolCall | ToolResult) and item.cache is None:
            items[-1] = replace(item, cache=mark)
            return None
    return Unknown(NAME, block)


def mark_of(block: Json) -> CacheMark | None:
    """The mark that `{"cachePoint": ...}` is; None where it is not of the usual form."""
    value = block.get("cachePoint") if isinstance(block, dict) else None
    if not isinstance(value, dict) or not isinstance(value.get("ttl"), str | None):
        return None
    rest = rest_of(value, _TTL)
    return CacheMark(value.get("ttl"), None if rest == _DEFAULT else Origin(NAME, rest=rest))  # type: ignore[arg-type]


def _use(value: Fields, where: Where, around: Around, origin: Origin) -> ToolCall | ServerTool | None:
    if around.role is not Role.ASSISTANT:
        return None
    name = where.text(value.get("name"), "name")
    if value.get("type") is not None:
        told: Fields = {key: entry for key, entry in value.items() if key != "input"}
        arguments = arguments_text(value["input"], where, "input") if "input" in value else None
        return ServerTool(NAME, SERVER_TOOLS.get(name, name), {"toolUse": told}, arguments, origin)
    rest = rest_of(value, _USE)
    if rest or value.get("input") is None:
        rest = {key: entry for key, entry in rest.items() if key != "input"}
        bare = {} if value.get("input") is not None else {"input": "input" in value}
        origin = replace(origin, rest=rest, spelling=bare)
    given = value.get("input")
    arguments = "{}" if given is None else arguments_text(given, where, "input")
    return ToolCall(where.text(value.get("toolUseId"), "toolUseId"), name, arguments, origin=origin)


def _result(value: Fields, where: Where, around: Around, origin: Origin) -> ToolResult | ServerTool | None:
    if around.role is not Role.USER or value.get("type") is not None:
        kind = value.get("type")
        known = isinstance(kind, str) and around.role is Role.ASSISTANT
        return ServerTool(NAME, str(kind), {"toolResult": value}, None, origin) if known else None
    content = where.entries(value.get("content"), "content")
    parts = tuple(
        Text(said)
        if isinstance(entry, dict) and len(entry) == 1 and isinstance(said := entry.get("text"), str)
        else part_of(where.fields(entry, "content", n), where.at("content", n))
        for n, entry in enumerate(content)
    )
    rest: Mapping[str, Json] = rest_of(value, _RESULT)
    status = where.text_or_none(value.get("status"), "status")
    if status is not None and status not in _ERRORS:
        rest = {**rest, "status": status}
    if rest:
        origin = replace(origin, rest=rest)
    call_id = where.text(value.get("toolUseId"), "toolUseId")
    return ToolResult(call_id, parts, is_error=_ERRORS.get(status or ""), origin=origin)


def _thought(value: Fields, where: Where, around: Around, origin: Origin) -> Reasoning | None:
    if around.role is not Role.ASSISTANT or len(value) != 1:
        return None
    ((kind, said),) = value.items()
    if kind == "redactedContent":
        blob = Opaque("redacted", where.text(said, kind), around.maker)
        return Reasoning(opaque=(blob,), origin=origin)
    if kind != "reasoningText":
        return None
    inner = where.fields(said, kind)
    text = where.text_or_none(inner.get("text"), kind, "text")
    signature = where.text_or_none(inner.get("signature"), kind, "signature")
    opaque = () if signature is None else (Opaque("signature", signature, around.maker),)
    rest = rest_of(inner, _THOUGHT)
    if rest or text is None:
        origin = replace(origin, rest=rest, spelling=NOTHING if text is not None else {"text": None})
    return Reasoning(text or "", opaque=opaque, origin=origin)


def _cited(value: Fields, where: Where) -> Text | None:
    """A text with its sources; None where its content is not only text."""
    if value.get("content", []) is None or value.get("citations", []) is None:
        return None
    content = where.entries(value.get("content", []), "citationsContent", "content")
    texts = [entry["text"] for entry in content if isinstance(entry, dict) and entry.keys() == {"text"}]
    said = [text for text in texts if isinstance(text, str)]
    if len(said) != len(content):
        return None
    listed = where.entries(value.get("citations", []), "citationsContent", "citations")
    citations = tuple(
        citation_of(where.fields(entry, "citationsContent", "citations", nth), where)
        for nth, entry in enumerate(listed)
    )
    rest = rest_of(value, frozenset({"content", "citations"}))
    spelling: Fields = {"content": list(said) if "content" in value else None, "cited": "citations" in value}
    return Text("".join(said), citations, origin=Origin(NAME, where.path, rest, spelling))


def citation_of(entry: Fields, where: Where) -> Citation:
    """One source of a text."""
    location = entry.get("location")
    kind = next(iter(location), "") if isinstance(location, dict) else ""
    web = location.get("web") if isinstance(location, dict) else None
    url = web.get("url") if isinstance(web, dict) else None
    quoted = entry.get("sourceContent")
    quotes = (
        [told.get("text") for told in quoted if isinstance(told, dict)] if isinstance(quoted, list) else []
    )
    return Citation(
        NAME,
        kind,
        entry,
        url=url if isinstance(url, str) else None,
        title=where.text_or_none(entry.get("title"), "title"),
        cited="".join(quote for quote in quotes if isinstance(quote, str)) or None,
    )


_ITEMS: dict[str, Callable[[Fields, Where, Around, Origin], Item | None]] = {
    "toolUse": _use,
    "toolResult": _result,
    "reasoningContent": _thought,
}
_PARTS: dict[str, Callable[[Fields, Where], Part | None]] = {
    "image": image,
    "document": document,
    "video": video,
    "audio": audio,
}
_KINDS = frozenset({*_ITEMS, *_PARTS, "citationsContent", "json", "cachePoint"})
