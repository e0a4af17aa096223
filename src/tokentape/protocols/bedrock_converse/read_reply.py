"""Replies of Converse (API reference, "Converse", "Response Syntax")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import inner
from tokentape.protocols.bedrock_converse.read_content import Around, read_content
from tokentape.protocols.bedrock_converse.stops import read_stop
from tokentape.protocols.bedrock_converse.usage import usage
from tokentape.protocols.canonical.items import Role, ToolCall
from tokentape.protocols.canonical.origin import Origin, Turn, rest_of
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ROOT = Where(NAME)
_KNOWN = frozenset({"output", "stopReason", "usage"})
_OUTPUT = frozenset({"message"})
_MESSAGE = frozenset({"role", "content"})


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError`."""
    try:
        return _read(body, source)
    except RecursionError:
        _ROOT.wrong("nested too deeply")


def _read(body: Fields, source: Source) -> Reply:
    where = _ROOT
    output = where.fields(body.get("output"), "output")
    rest = dict(rest_of(body, _KNOWN))
    if left := rest_of(output, _OUTPUT):
        rest["output"] = dict(left)
    message = where.fields(output.get("message"), "output", "message")
    if where.text(message.get("role"), "output", "message", "role") != "assistant":
        where.wrong("the reply is not the assistant's", "output", "message", "role")
    place = where.at("output", "message")
    turn = Turn(place.path, rest_of(message, _MESSAGE))
    blocks = place.entries(message.get("content"), "content")
    items = read_content(blocks, Around((*place.path, "content"), Role.ASSISTANT, turn, source.maker(None)))
    told = inner(body, "usage", where)
    counted = usage(body)
    if "usage" in body and (counted is None or not told):
        rest["usage"] = body["usage"]
    raw = where.text_or_none(body.get("stopReason"), "stopReason")
    stop = read_stop(raw, sequence_of(body.get("additionalModelResponseFields")), calls=calls(items))
    return Reply(
        (Choice(tuple(items), stop),),
        model=source.model,
        usage=counted if told else None,
        origin=Origin(NAME, (), rest),
    )


def calls(items: list[Item]) -> bool:
    """True if tools of the caller's are called."""
    return any(isinstance(item, ToolCall) for item in items)


def sequence_of(extra: Json) -> str | None:
    """The stop sequence that was met, where the caller asked for it (`/stop_sequence`)."""
    found = extra.get("stop_sequence") if isinstance(extra, dict) else None
    return found if isinstance(found, str) else None
