"""A reply of `/api/chat` or `/api/generate` in canonical form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.origin import NOTHING, Origin, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where
from tokentape.protocols.ollama.form import GENERATE, NAME, seconds_of
from tokentape.protocols.ollama.read_request import read_message
from tokentape.protocols.ollama.stops import read_stop
from tokentape.protocols.ollama.words import usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.codec import Source
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

ALWAYS = frozenset({"model", "created_at", "done", "done_reason", "logprobs"})
_CHAT = ALWAYS | {"message"}
_GENERATE = ALWAYS | {"response", "thinking"}


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError`."""
    try:
        return _read(body, source, Where(NAME))
    except RecursionError:
        raise ProtocolError(NAME, "", "it is nested too deeply") from None


def _read(body: Fields, source: Source, where: Where) -> Reply:
    items: list[Item] = []
    chat = body.get("response") is None
    spelling: Fields = {} if chat else {"operation": GENERATE}
    if chat:
        message = where.fields(body.get("message"), "message")
        if message.get("role") != "assistant":
            role = where.text_or_none(message.get("role"), "message", "role")
            spelling["role"] = role if "role" in message else False
        read_message({**message, "role": "assistant"}, where.at("message"), items)
    else:
        _read_response(body, where, items)
    logged = _with_logprobs(body.get("logprobs"), items, where)
    usage = usage_of(body, where)
    done = where.flag_or_none(body.get("done"), "done") is not False
    rest = _rest(body, (_CHAT if chat else _GENERATE), usage)
    if not logged and body.get("logprobs") is not None:
        rest["logprobs"] = body["logprobs"]
    if not done and body.get("done_reason") is not None:
        rest["done_reason"] = body["done_reason"]
    created = where.text_or_none(body.get("created_at"), "created_at")
    if created is not None:
        spelling["created_at"] = created
    for name in ("done", "model"):
        if body.get(name) is None:
            spelling[name] = False
    called = any(isinstance(item, ToolCall) for item in items)
    return Reply(
        choices=(Choice(tuple(items), stop_of(body, where, called=called) if done else None),),
        model=source.model if body.get("model") is None else where.text(body["model"], "model"),
        created=None if created is None else seconds_of(created),
        usage=usage,
        complete=done,
        origin=Origin(NAME, (), rest or NOTHING, spelling or NOTHING),
    )


def _rest(body: Fields, known: frozenset[str], usage: Usage | None) -> Fields:
    counted = usage.raw.keys() if usage else ()
    return {name: value for name, value in rest_of(body, known).items() if name not in counted}


def usage_of(body: Fields, where: Where) -> Usage | None:
    """The counts beside the answer."""
    for name in ("prompt_eval_count", "eval_count"):
        where.integer_or_none(body.get(name), name)
    return usage(body)


def stop_of(body: Fields, where: Where, *, called: bool) -> Stop:
    """Why a reply that is done ended."""
    return read_stop(where.text_or_none(body.get("done_reason"), "done_reason"), called=called)


def _read_response(body: Fields, where: Where, items: list[Item]) -> None:
    thinking = where.text_or_none(body.get("thinking"), "thinking")
    if thinking:
        items.append(Reasoning(thinking, origin=Origin(NAME, ("thinking",))))
    response = where.text(body["response"], "response")
    if response or not thinking:
        parts = (Text(response),) if response else ()
        items.append(Message(Role.ASSISTANT, parts, origin=Origin(NAME, ("response",))))


def _with_logprobs(given: Json, items: list[Item], where: Where) -> bool:
    """Put the tokens to the text; False if there is none."""
    if given is None:
        return False
    entries = tuple(where.entries(given, "logprobs"))
    for nth, item in enumerate(items):
        if isinstance(item, Message) and item.parts and isinstance(item.parts[0], Text):
            first = replace(item.parts[0], logprobs=entries)
            items[nth] = replace(item, parts=(first, *item.parts[1:]))
            return True
    return False
