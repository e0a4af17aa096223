"""A message in canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.read_content import items_of
from tokentape.protocols.anthropic_messages.stops import has_calls, stop_of, with_calls
from tokentape.protocols.anthropic_messages.usage import usage
from tokentape.protocols.canonical.items import Role
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where

if TYPE_CHECKING:
    from tokentape.protocols.codec import Source
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

KNOWN = frozenset(
    {
        "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "usage",
    }
)  # fmt: skip


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError`, for an error body too: those are failures."""
    where = Where(NAME)
    try:
        return _read(where.fields(body), source, where)
    except RecursionError:
        where.wrong("nested too deeply")


def _read(body: Fields, source: Source, where: Where) -> Reply:
    model = where.text_or_none(body.get("model"), "model")
    content = where.entries(body.get("content"), "content")
    maker = source.maker(model)
    items = tuple(items_of(content, Role.ASSISTANT, where.at("content"), None, maker)) if content else ()
    if body.get("usage") is not None:
        where.fields(body["usage"], "usage")
    stop = with_calls(stop_of(body, where), calls=has_calls(items))
    counted = usage(body)
    spelling: Fields = {name: "as in rest" for name, usual in _USUAL.items() if body.get(name) != usual}
    return Reply(
        (Choice(items, stop),),
        id=where.text_or_none(body.get("id"), "id"),
        model=model if model is not None else source.model,
        usage=counted,
        origin=Origin(NAME, (), _rest(body, counted), spelling),
    )


def _rest(body: Fields, counted: Usage | None) -> Fields:
    """What nothing else tells; a usage without counts that we know, and a reason-less sequence, too."""
    rest = dict(rest_of(body, KNOWN))
    for name in ("type", "role"):
        if body.get(name) not in (None, _USUAL[name]):
            rest[name] = body[name]
    if body.get("usage") is not None and counted is None:
        rest["usage"] = body["usage"]
    if body.get("stop_reason") is None:
        for name in ("stop_sequence", "stop_details"):
            if body.get(name) is not None:
                rest[name] = body[name]
    return rest


_USUAL = {"type": "message", "role": "assistant"}
