"""What routing conditions may ask about a conversation: what it holds, and about how long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.targets import Traits
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.canonical.items import Message, ToolResult
from tokentape.protocols.canonical.parts import Audio, Document, Image, Video

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.parts import Part

_NAMES: dict[type, str] = {Image: "images", Document: "documents", Audio: "audio", Video: "video"}


def traits_of(asked: Conversation) -> Traits:
    """The traits of a request."""
    has = {_NAMES[type(part)] for part in _parts(asked) if type(part) in _NAMES}
    if asked.tools:
        has.add("tools")
    if asked.thinking is not None and asked.thinking.mode != "off" and asked.thinking.effort != "none":
        has.add("thinking")
    if asked.output is not None and asked.output.kind == "schema":
        has.add("schema")
    return Traits(frozenset(has), estimate(asked).tokens)


def _parts(asked: Conversation) -> Iterator[Part]:
    for item in asked.items:
        if isinstance(item, Message | ToolResult):
            yield from item.parts
