"""A request of chat, version 2, in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Conversation, Tool
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.checking import Where
from tokentape.protocols.cohere.form import NAME, refuse_old
from tokentape.protocols.cohere.options import KNOWN_OPTIONS, OPTIONS, read_format, read_thinking
from tokentape.protocols.cohere.read_message import read_message
from tokentape.protocols.cohere.tools import read_choice, read_tools
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = KNOWN_OPTIONS | {
    "model",
    "messages",
    "stream",
    "tools",
    "tool_choice",
    "strict_tools",
    "response_format",
    "thinking",
}


def read_request(body: Fields, source: Source) -> Conversation:
    """The request. Raises `ProtocolError`."""
    where = Where(NAME)
    if "messages" not in body:
        refuse_old(body, where, "message", "prompt")
    rest = dict(rest_of(body, _KNOWN))
    spelling: Fields = {}
    strict = where.flag_or_none(body.get("strict_tools"), "strict_tools")
    tools = read_tools(body["tools"], strict=strict, where=where) if body.get("tools") is not None else ()
    if body.get("tools") == []:
        spelling["tools"] = []
    if strict is False:
        spelling["strict_tools"] = False
    elif strict and not any(isinstance(tool, Tool) for tool in tools):
        rest["strict_tools"] = True
    if isinstance(body.get("stop_sequences"), str):
        spelling["stop"] = "text"
    stream = where.flag_or_none(body.get("stream"), "stream")
    if stream is None and source.stream is not None:
        stream, spelling["streams"] = source.stream, source.stream
    return Conversation(
        items=_messages(body.get("messages"), where),
        model=source.model if body.get("model") is None else where.text(body["model"], "model"),
        tools=tools,
        tool_choice=read_choice(body.get("tool_choice"), where),
        output=read_format(body.get("response_format"), where),
        thinking=read_thinking(body.get("thinking"), where),
        options=read_options(body, OPTIONS, where),
        stream=stream,
        origin=Origin(NAME, (), rest or NOTHING, spelling or NOTHING),
    )


def _messages(given: Json, where: Where) -> tuple[Item, ...]:
    items: list[Item] = []
    for nth, entry in enumerate(where.entries(given, "messages")):
        read_message(where.fields(entry, "messages", nth), where.at("messages", nth), items)
    return tuple(items)
