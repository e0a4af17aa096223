"""How many tokens a conversation may be, where nobody can be asked.

An estimate, and labelled as one (case 39): the provider's own count is right, this one is near. It counts
what people forget: tools, their results, thoughts and media.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Data, Document, Image, Plain, Refusal, Text, Video
from tokentape.protocols.unfolding import dumped

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation, NativeTool
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

_START = 4
"""Tokens that every prompt begins with."""
_AROUND = 4
"""Tokens around each message, call, result and tool."""
_IMAGE = 1_000
"""A picture of a megapixel, about; providers say 85 to 1 600."""
_PAGE = 2_000
"""A page of a document; how many there are is not known without reading it."""


class Estimate(NamedTuple):
    """`tokens`, and `how` they were found: always "estimated"."""

    tokens: int
    how: str = "estimated"


def estimate(asked: Conversation) -> Estimate:
    """The input tokens of a request, about: four ASCII characters, or 1.5 of any other, are one."""
    size = _START + sum(map(_item, asked.items)) + sum(map(_tool, asked.tools))
    if asked.output is not None:
        size += _json(asked.output.schema)
    return Estimate(round(size))


def _text(text: str) -> float:
    other = len(text) - len(text.encode("ascii", "ignore"))
    return (len(text) - other) / 4 + other / 1.5


def _json(value: Json) -> float:
    return _text(dumped(value).decode()) if value is not None else 0.0


def _tool(tool: Tool | NativeTool) -> float:
    if isinstance(tool, Tool):
        return _AROUND + _text(tool.name) + _text(tool.description or "") + _json(tool.schema)
    return _AROUND + _json(tool.json)


def _item(item: Item) -> float:
    match item:
        case Message() | ToolResult():
            return _AROUND + sum(map(_part, item.parts))
        case Reasoning():
            return _AROUND + _text(item.text) + sum(map(_text, item.summary))
        case ToolCall():
            return _AROUND + _text(item.name) + _text(item.arguments)
        case ServerTool():
            return _AROUND + _json(item.json) + _text(item.arguments or "")
        case _:
            return _AROUND + _json(item.json)


def _part(part: Part) -> float:
    match part:
        case Text() | Refusal():
            return _text(part.text)
        case Data():
            return _json(part.value)
        case Document(source=Plain(text)):
            return _text(text)
        case Document():
            return _PAGE
        case Image() | Video():
            return _IMAGE
        case Audio():
            return _text(part.transcript or "") or _IMAGE
        case _:
            return _json(part.json)
