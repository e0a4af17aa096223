"""A Messages request in canonical form (API reference, "Create a Message")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.options import (
    OLDER,
    PLACES,
    left_of_config,
    output_of,
    thinking_of,
)
from tokentape.protocols.anthropic_messages.read_content import AS_TEXT, items_of
from tokentape.protocols.anthropic_messages.tools import choice_of, tools_of
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.checking import Where
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset(
    {
        "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "metadata",
        "stream", *(place.path[0] for place in PLACES),
    }
)  # fmt: skip
_TURN = frozenset({"role", "content"})
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


def read_request(body: Fields, source: Source) -> Conversation:
    """The conversation. Raises `ProtocolError`."""
    where = Where(NAME)
    try:
        return _read(where.fields(body), source, where)
    except RecursionError:
        where.wrong("nested too deeply")


def _read(body: Fields, source: Source, where: Where) -> Conversation:
    config = {} if body.get("output_config") is None else where.fields(body["output_config"], "output_config")
    rest = dict(rest_of(body, _KNOWN))
    output = output_of(body, config, where)
    if output is not None and output.origin is not None and output.origin.path == OLDER:
        del rest["output_format"]
    thinking = thinking_of(body, config, where, rest)
    choice, parallel = choice_of(body.get("tool_choice"), where, rest)
    _keep_the_rest(body, config, left_of_config(config, output), rest, where)
    if body.get("stop_sequences") is not None:
        where.entries(body["stop_sequences"], "stop_sequences")
    options = read_options(body, PLACES, where)
    if parallel is not None:
        from dataclasses import replace

        options = replace(options, parallel_tool_calls=parallel)
    model = where.text_or_none(body.get("model"), "model")
    stream = where.flag_or_none(body.get("stream"), "stream")
    in_path: Fields = {} if model is not None else {"model": "path"}
    if stream is None:
        in_path["stream"] = "path"
    return Conversation(
        tuple(_items(body, source.maker(model), where)),
        model=model if model is not None else source.model,
        tools=() if body.get("tools") is None else tools_of(body["tools"], where),
        tool_choice=choice,
        output=output,
        thinking=thinking,
        options=options,
        stream=stream if stream is not None else source.stream,
        origin=Origin(NAME, (), rest, in_path),
    )


def _keep_the_rest(body: Fields, config: Fields, left: Fields, rest: Fields, where: Where) -> None:
    """What objects of known name hold beside what is told elsewhere; empty lists and objects."""
    if left or (not config and body.get("output_config") is not None):
        rest["output_config"] = left
    if (metadata := body.get("metadata")) is not None:
        told = where.fields(metadata, "metadata")
        more = rest_of(told, _USER)
        if more or not told:
            rest["metadata"] = dict(more)
    if body.get("tools") == []:
        rest["tools"] = []
    if body.get("system") == []:
        rest["system"] = []


_USER = frozenset({"user_id"})


def _items(body: Fields, maker: Maker, where: Where) -> list[Item]:
    items = _system(body.get("system"), maker, where)
    messages = where.entries(body.get("messages"), "messages")
    for nth, message in enumerate(messages):
        if not isinstance(message, dict):
            where.fields(message, "messages", nth)
            continue
        named = where.text(message.get("role"), "messages", nth, "role")
        role = _ROLES.get(named)
        if role is None:
            where.wrong(f"there is no role {named!r}", "messages", nth, "role")
        content = message.get("content")
        as_text = isinstance(content, str)
        spelling = _TEXT_OF[role] if as_text else _BLOCKS_OF[role]
        rest = NOTHING if len(message) == 2 else rest_of(message, _TURN)
        turn = Turn(("messages", nth), rest, spelling)
        if isinstance(content, str):
            origin = Origin(NAME, turn.path, turn=turn)
            items.append(Message(role, (Text(content),), origin=origin))
        else:
            at = where.at("messages", nth, "content")
            items += items_of(at.entries(content), role, at, turn, maker)
    return items


_TEXT_OF = {role: {"role": name, **AS_TEXT} for name, role in _ROLES.items()}
_BLOCKS_OF: dict[Role, dict[str, Json]] = {role: {"role": name} for name, role in _ROLES.items()}


def _system(value: Json, maker: Maker, where: Where) -> list[Item]:
    if value is None or value == []:
        return []
    if isinstance(value, str):
        return [Message(Role.SYSTEM, (Text(value),), origin=Origin(NAME, ("system",), spelling=AS_TEXT))]
    return items_of(where.entries(value, "system"), Role.SYSTEM, where.at("system"), None, maker)
