"""A canonical reply as one of `/api/chat`, or of `/api/generate` where that was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.ollama.failures import failure_body
from tokentape.protocols.ollama.form import NAME, is_generate, seconds_of, time_of
from tokentape.protocols.ollama.messages import assistant_message
from tokentape.protocols.ollama.stops import written_stop
from tokentape.protocols.ollama.words import usage as read_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Turn
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_reply(reply: Reply, target: Target) -> Fields:
    """The reply. What it cannot say is in `target.losses`."""
    origin, losses = reply.origin, target.losses
    own = origin is not None and origin.protocol == NAME
    spelling = origin.spelling if origin is not None and own else NOTHING
    body: Fields = dict(origin.rest) if origin is not None and own else {}
    for extra in reply.choices[1:]:
        losses.meaning(extra.origin or ("choices", extra.index), "another answer", "there is one answer")
    _head(reply, target, spelling, body, own=own)
    message = assistant_message(reply.items, _turn(reply.items), losses, reply=True)
    if "role" in spelling:
        message["role"] = spelling["role"]
    if message["role"] is False:
        del message["role"]
    if is_generate(origin if own else target.asked.origin if target.asked else None):
        _respond(message, body, losses)
    else:
        body["message"] = message
    logprobs = _logprobs(reply.items, losses, own=own)
    if logprobs is not None:
        body["logprobs"] = logprobs
    _end(reply, losses, spelling, body, own=own)
    if reply.usage is not None:
        body.update(written_usage(reply.usage, losses, own=own))
    return body


def _head(reply: Reply, target: Target, spelling: Mapping[str, Json], body: Fields, *, own: bool) -> None:
    model = reply.model
    if model is None:
        model = (target.asked.model if target.asked else None) or target.model
    if spelling.get("model", True):
        body["model"] = model or ""
    told = spelling.get("created_at")
    if isinstance(told, str) and seconds_of(told) == reply.created:
        body["created_at"] = told
    elif not own or reply.created is not None:
        body["created_at"] = time_of(reply.created)


def _turn(items: tuple[Item, ...]) -> Turn | None:
    """The native message, if the items came from one."""
    own = (item.origin.turn for item in items if item.origin and item.origin.protocol == NAME)
    return next(own, None)


def _respond(message: Fields, body: Fields, losses: Losses) -> None:
    """The message as `/api/generate` tells it: text and thought."""
    body["response"] = message.get("content", "")
    if "thinking" in message:
        body["thinking"] = message["thinking"]
    for name in ("tool_calls", "images"):
        if message.get(name):
            losses.meaning((name,), name, "a reply to a prompt has text only")


def _end(reply: Reply, losses: Losses, spelling: Mapping[str, Json], body: Fields, *, own: bool) -> None:
    """`done` with its reason. A reply that is not whole, or failed, is never done."""
    whole = reply.complete and reply.failure is None
    if spelling.get("done", True) or not whole:
        body["done"] = whole
    if reply.failure is not None:
        body.update(failure_body(reply.failure))
    elif whole:
        reason = written_stop(reply.stop, losses, own=own)
        if reason is not None:
            body["done_reason"] = reason


def written_usage(usage: Usage, losses: Losses, *, own: bool) -> Fields:
    """The counts: those that came, or new ones."""
    if own and read_usage(dict(usage.raw)) == usage:
        return dict(usage.raw)
    for name, value in usage.counts.items():
        if value and name not in ("input", "output"):
            losses.tuning(("usage",), f"usage {name}", "only input and output are counted")
    written: Fields = {"prompt_eval_count": usage.input, "eval_count": usage.output}
    return {name: count for name, count in written.items() if count is not None}


def _logprobs(items: tuple[Item, ...], losses: Losses, *, own: bool) -> list[Json] | None:
    """The tokens of all texts; None where nobody tells them."""
    messages = (item for item in items if isinstance(item, Message))
    texts = (part for item in messages for part in item.parts if isinstance(part, Text | Refusal))
    told = [part.logprobs for part in texts if part.logprobs is not None]
    if not told:
        return None
    found = tuple(entry for entries in told for entry in entries)
    return list(found) if own else fitting_logprobs(found, losses)


def fitting_logprobs(entries: tuple[Json, ...], losses: Losses) -> list[Json]:
    """Those entries that tell a token and its logarithm, as this API and some others have it."""
    fit = [entry for entry in entries if isinstance(entry, dict) and {"token", "logprob"} <= entry.keys()]
    if len(fit) < len(entries):
        losses.tuning(("logprobs",), "logprobs", "they are told in another form")
    return list(fit)
