"""A Chat completion, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.minting import created_of, minted, seed_of
from tokentape.protocols.openai_chat.counts import write_usage
from tokentape.protocols.openai_chat.failures import failure_in, write_error
from tokentape.protocols.openai_chat.likely import write_likely
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.stops import write_stop
from tokentape.protocols.openai_chat.write_message import Writing, write_assistant
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from tokentape.protocols.canonical.reply import Choice, Reply
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_reply(reply: Reply, target: Target) -> Fields:
    """The `chat.completion`; what it cannot say is in the target's losses."""
    own = reply.origin is not None and reply.origin.protocol == NAME
    model = target.model or reply.model
    body: Fields = dict(reply.origin.rest) if own and reply.origin else {"object": "chat.completion"}
    if reply.id is not None or not own:
        body["id"] = reply.id if reply.id is not None else minted("chatcmpl-", *seed(reply))
    if reply.created is not None or not own:
        body["created"] = created_of(reply) if not own else reply.created
    if model is None and not own:
        # Replies of Cohere name no model, Chat's always do: the one that was asked, if it is known.
        model = target.asked.model if target.asked is not None else None
        body["model"] = model or ""
    elif model is not None:
        body["model"] = model
    writing = Writing(target, model, own, reply=True)
    if reply.choices or not (own and reply.failure):
        body["choices"] = [_choice(choice, reply, writing) for choice in reply.choices]
    if reply.usage is not None and not (own and reply.origin and "usage" in reply.origin.spelling):
        body["usage"] = write_usage(reply.usage, reply.model, own=own)
    if reply.failure is not None and failure_in({"error": body.get("error")}) != reply.failure:
        body["error"] = write_error(reply.failure)
    return body


def seed(reply: Reply) -> tuple[object, ...]:
    """What an id is made of where the source gives none."""
    return (reply.model, reply.created, reply.choices)


def _choice(choice: Choice, reply: Reply, writing: Writing) -> Fields:
    origin = choice.origin if choice.origin and choice.origin.protocol == NAME else None
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    turn = origin.turn if origin else None
    items = choice.items if writing.own else tuple(identified(choice.items, seed_of(reply, writing.target)))
    message = write_assistant(items, turn, writing)
    written: Fields = {**rest, "message": message}
    if "index" not in spelling:
        written["index"] = choice.index
    likely = write_likely(items, spelling.get("logprobs"))
    if likely is not None or "logprobs" in spelling or origin is None:
        written["logprobs"] = likely
    if choice.stop is not None:
        written["finish_reason"] = write_stop(choice.stop, writing.target.losses, own=writing.own)
    elif spelling.get("finish_reason") is not False:
        written["finish_reason"] = spelling.get("finish_reason")
    return written
