"""A canonical reply as one of chat, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.cohere.form import NAME, own, rest_from, spelling_from
from tokentape.protocols.cohere.stops import FAILED, written_stop
from tokentape.protocols.cohere.words import usage as read_usage
from tokentape.protocols.cohere.write_message import written_assistant
from tokentape.protocols.minting import minted, seed_of
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    losses, spelling = target.losses, spelling_from(reply.origin)
    is_own = own(reply.origin) is not None
    body: Fields = dict(rest_from(reply.origin))
    for extra in reply.choices[1:]:
        losses.meaning(extra.origin or ("choices", extra.index), "another answer", "there is one answer")
    if reply.id is not None or not is_own:
        body["id"] = reply.id if is_own else reply.id or minted("", reply.model, reply.created)
    items = reply.items if is_own else identified(reply.items, seed_of(reply, target))
    message = written_assistant(items, _turn(items), losses, reply=True)
    if "role" in spelling:
        message["role"] = spelling["role"]
        if message["role"] is False:
            del message["role"]
    body["message"] = message
    word = written_word(reply, losses)
    if word is not None:
        body["finish_reason"] = word
    if reply.usage is not None:
        body["usage"] = written_usage(reply.usage, losses, is_own=is_own)
    logprobs = _logprobs(reply.items, losses, is_own=is_own)
    if logprobs is not None:
        body["logprobs"] = logprobs
    return body


def written_word(reply: Reply, losses: Losses) -> str | None:
    """Why it ended; one that is not whole, or failed, never ended well."""
    raw = reply.stop.raw if reply.stop else None
    if reply.complete and reply.failure is None:
        return written_stop(reply.stop, losses, is_own=own(reply.origin) is not None)
    if reply.failure is not None and own(reply.origin) is None:
        losses.tuning((), "what the error says", "only that there was one can be told")
    return raw if raw in FAILED else "ERROR"


def _turn(items: Iterable[Item]) -> Turn | None:
    """The native message, if the items came from one."""
    turns = (item.origin.turn for item in items if item.origin and item.origin.protocol == NAME)
    return next(turns, None)


def written_usage(usage: Usage, losses: Losses, *, is_own: bool) -> Fields:
    """The counts: those that came, or new ones. What is billed is not known of other providers."""
    raw = dict(usage.raw)
    if is_own and read_usage({"usage": raw}) == usage:
        return raw
    for name, value in usage.counts.items():
        if value and name not in ("input", "output", "cache_read"):
            losses.tuning(("usage",), f"usage {name}", "it is not counted apart")
    counts: Fields = {"input_tokens": usage.input, "output_tokens": usage.output}
    written: Fields = {"tokens": {name: count for name, count in counts.items() if count is not None}}
    if usage.cache_read is not None:
        written["cached_tokens"] = usage.cache_read
    return written


def _logprobs(items: Iterable[Item], losses: Losses, *, is_own: bool) -> list[Json] | None:
    """The tokens of all texts; None where nobody tells them."""
    messages = (item for item in items if isinstance(item, Message))
    texts = (part for item in messages for part in item.parts if isinstance(part, Text | Refusal))
    told = [part.logprobs for part in texts if part.logprobs is not None]
    if not told:
        return None
    found = [entry for entries in told for entry in entries]
    return found if is_own else fitting_logprobs(found, losses)


def fitting_logprobs(entries: Iterable[Json], losses: Losses) -> list[Json]:
    """Those entries that are of this API: it tells the numbers of tokens."""
    given = list(entries)
    fit = [entry for entry in given if isinstance(entry, dict) and "token_ids" in entry]
    if len(fit) < len(given):
        losses.tuning(("logprobs",), "logprobs", "they are told in another form")
    return list(fit)
