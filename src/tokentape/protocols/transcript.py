"""A call as a reader meets it: who said what, in order, with thoughts, tools and media.

For people only (`tokentape show`); nothing is matched or translated with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Unknown,
    Url,
    Video,
)  # fmt: skip
from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.plainturns import Said, plain_turns
from tokentape.protocols.registry import json_of, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.parts import Source as Media
    from tokentape.protocols.codec import Codec
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Response

REPLY = "reply"


def transcript(found: Recognised) -> list[Said]:
    """The turns of a request, system text first; empty for what is no conversation."""
    codec = _codec(found)
    if codec is None or not isinstance(found.body, dict):
        return plain_turns(found)
    try:
        asked = codec.read_request(found.body, _source(found))
    except ProtocolError:
        return plain_turns(found)
    return said(asked.items)


def answered(found: Recognised, response: Response) -> list[Said]:
    """What a reply says; empty where nobody can tell, or it is an error."""
    codec = _codec(found)
    if codec is None or response.status >= 400:
        return []
    try:
        items = _items(codec, found, response)
    except ProtocolError:
        return []
    return said(items, assistant=REPLY)


def _codec(found: Recognised) -> Codec | None:
    if found.operation.kind is not Kind.GENERATE or found.dialect is None or found.dialect.codec is None:
        return None
    return found.dialect.codec()


def _source(found: Recognised) -> Source:
    return Source(found.operation.dialect, found.operation.model, found.operation.stream)


def _items(codec: Codec, found: Recognised, response: Response) -> tuple[Item, ...]:
    stream = stream_of(found.operation, response)
    if stream is None:
        reply = json_of(response)
        read = codec.read_reply(reply, _source(found)) if isinstance(reply, dict) else None
    else:
        reader = codec.reader(_source(found))
        read = fold([*(event for payload in stream for event in reader.read(payload)), *reader.end()])
    return tuple(item for choice in read.choices for item in choice.items) if read else ()


def said(items: Iterable[Item], *, assistant: str = "assistant") -> list[Said]:
    """The items as turns; those of one speaker that follow each other are one."""
    turns: list[Said] = []
    for item in items:
        role, text = _said(item, assistant)
        if turns and turns[-1].role == role and role != "tool":
            turns[-1] = Said(role, "\n".join(filter(None, (turns[-1].text, text))))
        else:
            turns.append(Said(role, text))
    return turns


def _said(item: Item, assistant: str) -> tuple[str, str]:
    if isinstance(item, Message):
        role = assistant if item.role.value == "assistant" else item.role.value
        return role, _parts(item.parts)
    if isinstance(item, Reasoning):
        thought = "\n".join(filter(None, (*item.summary, item.text)))
        return "thought", thought or "[not shown]"
    if isinstance(item, ToolCall):
        return assistant, f"{item.name}({item.arguments})"
    if isinstance(item, ToolResult):
        return "tool", ("[error] " if item.is_error else "") + _parts(item.parts)
    if isinstance(item, ServerTool):
        return assistant, f"[{item.kind}] {item.arguments or _json(item.json)}"
    return assistant, _unknown(item)


def _parts(parts: Iterable[Part]) -> str:
    return "\n".join(filter(None, map(_part, parts)))


def _part(part: Part) -> str:
    match part:
        case Text() | Refusal():
            return part.text
        case Data():
            return _json(part.value)
        case Image():
            return f"[image {_media(part.source)}]"
        case Document():
            return f"[document {part.name or ''} {_media(part.source)}]".replace("  ", " ")
        case Video():
            return f"[video {_media(part.source)}]"
        case Audio():
            heard = _media(part.source) if part.source else part.id or ""
            return f"[audio {heard}] {part.transcript or ''}".strip()
        case Unknown():
            return _unknown(part)


def _media(source: Media) -> str:
    match source:
        case Inline():
            return f"{source.media_type or 'of no named type'}, {len(source.data) * 3 // 4} bytes"
        case Url():
            return source.url if not source.url.startswith("data:") else source.url[:40]
        case FileId():
            return source.id
        case Plain():
            return f"of {len(source.text)} characters"


def _unknown(node: Unknown) -> str:
    kind = node.json.get("type") if isinstance(node.json, dict) else None
    return f"[{kind}]" if isinstance(kind, str) else _json(node.json)


def _json(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "[nested too deeply]"
