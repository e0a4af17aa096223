"""A canonical reply as a message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.counts import written_usage
from tokentape.protocols.anthropic_messages.failures import write_failure
from tokentape.protocols.anthropic_messages.naming import is_own
from tokentape.protocols.anthropic_messages.stops import has_calls, has_refusal, written_stop
from tokentape.protocols.anthropic_messages.write_content import Blocks
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import note_failed
from tokentape.protocols.minting import minted, seed_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_reply(reply: Reply, target: Target) -> Fields:
    """The message, or the error that came instead. What cannot be said is in `target.losses`."""
    if reply.failure is not None:
        note_failed(reply, target.losses)
        return write_failure(reply.failure)[1]
    own = is_own(reply.origin)
    if len(reply.choices) > 1:
        target.losses.meaning((), "choices", "Anthropic gives one answer: the others are left out")
    blocks = Blocks(target, reply.model, own, unsigned=True, reply=True)
    content: list[Json] = []
    for item in reply.items if own else _identified(reply, seed_of(reply, target)):
        content += blocks.of(item)
    written: Fields = {"type": "message", "role": "assistant", "content": content}
    written["id"] = message_id(reply.id, reply.model, reply.created)
    written["model"] = reply.model or target.model or ""
    calls, refused = has_calls(reply.items), has_refusal(reply.items)
    stopped = written_stop(reply.stop, own=own, refused=refused, calls=calls, losses=target.losses)
    if not is_own(reply.origin):
        return {**written, **stopped, "usage": written_usage(reply.usage, own=False)}
    written.update((name, value) for name, value in stopped.items() if value is not None)
    if reply.usage is not None:
        written["usage"] = written_usage(reply.usage, own=True)
    absent = _absent(reply, reply.origin)
    return {**reply.origin.rest, **{name: value for name, value in written.items() if name not in absent}}


def _absent(reply: Reply, origin: Origin) -> set[str]:
    """Fields that the reply did not have when it came from here, and nobody has set since."""
    return {*origin.spelling, *(name for name in ("id", "model") if getattr(reply, name) is None)}


def message_id(given: str | None, *seed: object) -> str:
    """The id of the message: the one it has, of whatever provider, or one that is made of what is known."""
    return minted("msg_", *seed) if given is None else given


def _identified(reply: Reply, seed: str) -> Iterator[Item]:
    calls = 0
    for item in reply.items:
        if isinstance(item, ToolCall):
            calls += 1
            yield item if item.id else replace(item, id=call_id(seed, calls, item.name))
        else:
            yield item


def call_id(*seed: object) -> str:
    """The id of a call that came without one (case 4): results have to name it."""
    return minted("toolu_", *seed)
