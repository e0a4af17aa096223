"""A reply of chat, version 2, in canonical form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, ToolCall
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where
from tokentape.protocols.cohere.failures import failed
from tokentape.protocols.cohere.form import NAME, refuse_old
from tokentape.protocols.cohere.read_message import read_assistant
from tokentape.protocols.cohere.stops import FAILED, read_stop
from tokentape.protocols.cohere.words import usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset({"id", "finish_reason", "message"})


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError`."""
    where = Where(NAME)
    if "message" not in body:
        refuse_old(body, where, "text", "generations")
    message = where.fields(body.get("message"), "message")
    spelling: Fields = {}
    if message.get("role") != "assistant":
        role = where.text_or_none(message.get("role"), "message", "role")
        spelling["role"] = role if "role" in message else False
    items: list[Item] = []
    read_assistant(message, where.at("message"), items)
    rest = dict(rest_of(body, _KNOWN))
    logprobs = body.get("logprobs")
    if logprobs is not None and _with_logprobs(where.entries(logprobs, "logprobs"), items):
        del rest["logprobs"]
    counts = usage(body)
    if counts is not None:
        rest.pop("usage", None)
    word = where.text_or_none(body.get("finish_reason"), "finish_reason")
    called = any(isinstance(item, ToolCall) for item in items)
    whole = word not in FAILED
    return Reply(
        choices=(Choice(tuple(items), read_stop(word, called=called) if word is not None else None),),
        id=where.text_or_none(body.get("id"), "id"),
        model=source.model,
        usage=counts,
        complete=whole,
        failure=None if whole else failed(word or "", None),
        origin=Origin(NAME, (), rest or NOTHING, spelling or NOTHING),
    )


def _with_logprobs(entries: list[Json], items: list[Item]) -> bool:
    """Put the tokens to the first text; False if there is none."""
    for nth, item in enumerate(items):
        if isinstance(item, Message) and item.parts and isinstance(item.parts[0], Text):
            first = replace(item.parts[0], logprobs=tuple(entries))
            items[nth] = replace(item, parts=(first, *item.parts[1:]))
            return True
    return False
