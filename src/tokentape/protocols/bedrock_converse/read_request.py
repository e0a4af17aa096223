"""Requests of Converse and ConverseStream (API reference, "Converse"). The path names the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import inner
from tokentape.protocols.bedrock_converse.options import EXTRA, PLACES, read_output, read_thinking
from tokentape.protocols.bedrock_converse.read_content import Around, read_content
from tokentape.protocols.bedrock_converse.tools import read_choice, read_tools
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Role
from tokentape.protocols.canonical.origin import Origin, Turn, rest_of
from tokentape.protocols.checking import Where
from tokentape.protocols.options import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Maker
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ROOT = Where(NAME)
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_MESSAGE = frozenset({"role", "content"})
_INFERENCE = frozenset({"maxTokens", "temperature", "topP", "stopSequences"})
_TIER = frozenset({"type"})
_KNOWN = frozenset(
    {
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "outputConfig",
        "serviceTier",
        "requestMetadata",
        EXTRA,
    }
)


def read_request(body: Fields, source: Source) -> Conversation:
    """The request. Raises `ProtocolError`."""
    try:
        return _read(body, source)
    except RecursionError:
        _ROOT.wrong("nested too deeply")


def _read(body: Fields, source: Source) -> Conversation:
    where = _ROOT
    rest = dict(rest_of(body, _KNOWN))
    inference = inner(body, "inferenceConfig", where)
    if inference.get("stopSequences") is not None:
        where.entries(inference["stopSequences"], "inferenceConfig", "stopSequences")
    tier = inner(body, "serviceTier", where)
    tools = dict(inner(body, "toolConfig", where))
    thinking, extra, output = read_thinking(body, where)
    found = read_tools(tools, extra, where)
    choice = read_choice(tools, where)
    form = read_output(output, where)
    if tools.get("tools"):
        del tools["tools"]
    if choice is not None:
        del tools["toolChoice"]
    if isinstance(extra.get("top_k"), int) and not isinstance(extra["top_k"], bool):
        del extra["top_k"]
    left = {
        "inferenceConfig": rest_of(inference, _INFERENCE),
        "serviceTier": rest_of(tier, _TIER),
        "toolConfig": tools,
        "outputConfig": output,
        EXTRA: extra,
    }
    for name, fields in left.items():
        given = body.get(name)
        if isinstance(given, dict) and (fields or not given):
            rest[name] = dict(fields)
        elif given is not None and not isinstance(given, dict):
            rest[name] = given
    return Conversation(
        items=_items(body, rest, source),
        model=source.model,
        tools=found,
        tool_choice=choice,
        output=form,
        thinking=thinking,
        options=read_options(_optional(body), PLACES, where),
        stream=source.stream,
        origin=Origin(NAME, (), rest),
    )


def _optional(body: Fields) -> Mapping[str, Json]:
    """The body, without a `top_k` that is none: the model's own fields may be anything."""
    extra = body.get(EXTRA)
    top_k = extra.get("top_k") if isinstance(extra, dict) else None
    if top_k is None or (isinstance(top_k, int) and not isinstance(top_k, bool)):
        return body
    return {**body, EXTRA: {}}


def _items(body: Fields, rest: Fields, source: Source) -> tuple[Item, ...]:
    items: list[Item] = []
    maker = source.maker(None)
    if body.get("system") is not None:
        blocks = _ROOT.entries(body["system"], "system")
        if blocks:
            turn = Turn(("system",))
            items += read_content(blocks, Around(("system",), Role.SYSTEM, turn, maker))
        else:
            rest["system"] = blocks
    if body.get("messages") is not None:
        messages = _ROOT.entries(body["messages"], "messages")
        if not messages:
            rest["messages"] = messages
        for nth, message in enumerate(messages):
            items += _turn(message, nth, maker)
    return tuple(items)


def _turn(message: Json, nth: int, maker: Maker) -> list[Item]:
    role = (
        _ROLES.get(said)
        if isinstance(message, dict) and isinstance(said := message.get("role"), str)
        else None
    )
    blocks = message.get("content") if isinstance(message, dict) else None
    if role is None or not isinstance(message, dict) or not isinstance(blocks, list):
        _wrong(message, _ROOT.at("messages", nth))
    path = ("messages", nth)
    turn = Turn(path, rest_of(message, _MESSAGE))
    return read_content(blocks, Around((*path, "content"), role, turn, maker))


def _wrong(message: Json, where: Where) -> NoReturn:
    """Say what is wrong with a message."""
    told = where.fields(message)
    where.entries(told.get("content"), "content")
    role = where.text(told.get("role"), "role")
    where.wrong(f"the role {role!r} is none of user, assistant and system", "role")
