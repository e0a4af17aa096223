"""Replies as Converse gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.counts import write_usage
from tokentape.protocols.bedrock_converse.failures import write_failure
from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import merged
from tokentape.protocols.bedrock_converse.stops import write_stop
from tokentape.protocols.bedrock_converse.write_content import ContentWriter, is_own
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import note_failed
from tokentape.protocols.canonical.turns import own_turn
from tokentape.protocols.minting import minted, seed_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NO_METRICS: Fields = {"latencyMs": 0}
"""`metrics` is required, and other dialects do not tell."""


def write_reply(reply: Reply, target: Target) -> Fields:
    """The body, or the error that came instead; what it cannot say is in `target.losses`."""
    losses = target.losses
    if reply.failure is not None:
        note_failed(reply, losses)
        return write_failure(reply.failure)[1]
    own = is_own(reply.origin)
    protocol = reply.origin.protocol if reply.origin else ""
    if len(reply.choices) > 1:
        losses.meaning((), f"{len(reply.choices) - 1} more choices", "Converse gives one")
    items = _identified(reply, seed_of(reply, target))
    content = ContentWriter(target, reply.model, items, reply=True)
    blocks = [block for item in items for block in content.blocks(item)]
    message: Fields = {"role": "assistant", "content": blocks}
    written: Fields = {"output": {"message": merged(_turn_rest(items), message)}}
    calls = any(isinstance(item, ToolCall) for item in items)
    if reply.stop is not None or (reply.complete and not own):
        written["stopReason"] = write_stop(reply.stop, protocol, losses, calls=calls)
    if not reply.complete:
        losses.meaning((), "end of the reply", "it was cut, and Converse has no word for that")
    if reply.usage is not None:
        written["usage"] = write_usage(reply.usage, losses, own=own)
    if own and reply.origin:
        return merged(reply.origin.rest, written)
    return {**written, "metrics": dict(NO_METRICS)}


def _identified(reply: Reply, seed: str) -> tuple[Item, ...]:
    """The items, each call with an id."""
    if all(item.id for item in reply.items if isinstance(item, ToolCall)):
        return reply.items
    return tuple(
        replace(item, id=minted("tooluse_", seed, nth, item.name))
        if isinstance(item, ToolCall) and not item.id
        else item
        for nth, item in enumerate(reply.items)
    )


def _turn_rest(items: tuple[Item, ...]) -> Mapping[str, Json]:
    turns = (own_turn(item, NAME) for item in items)
    return next((turn.rest for turn in turns if turn is not None), {})
