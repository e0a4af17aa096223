"""A recorded conversation made fit for a target. What is changed of it stands in the loss report; what the
caller asked to be changed does not.

Ids of tools, and state that only another family of models can read, are the writers' matter. Here is what
only a recording has: it was made with another model, by an account that nobody knows any more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Options
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Image, Text
from tokentape.protocols.limits import names, output_cap
from tokentape.protocols.options import path_of
from tokentape.upstreams.parameters import with_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tokentape.evaluation.asking.question import Changes
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Opaque
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def fitted(asked: Conversation, target: Target, changes: Changes, refused: Collection[str]) -> Conversation:
    """The conversation as `target` can be asked. `refused` are options that the target said it does not take;
    what is lost is noted in the target's losses.
    """
    losses = target.losses
    asked = _apart(asked, target.dialect, losses)
    asked = _unsealed(asked, target.model)
    if changes.system is not None:
        asked = instructed(asked, changes.system)
    asked = with_parameters(asked, changes.parameters)
    asked = _capped(asked, target.model, losses)
    asked = without_refused(asked, refused, losses)
    return replace(asked, stream=changes.stream, counts_usage=True if changes.stream else None)


def _apart(asked: Conversation, dialect: str, losses: Losses) -> Conversation:
    """Without what ties the call to a stored conversation, or to somebody who polls for the reply."""
    kept = asked.continuation
    if kept is not None and kept.conversation is not None and kept.protocol == dialect:
        losses.meaning(("conversation",), "continuation", "asking again would write it on")
    origin = asked.origin
    if origin is None or not (origin.rest.get("background") or origin.spelling.get("background")):
        return asked
    losses.tuning(("background",), "background", "the answer is waited for")
    rest, spelling = _without(origin.rest, "background"), _without(origin.spelling, "background")
    return replace(asked, origin=replace(origin, rest=rest, spelling=spelling))


def _without(fields: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    return {each: value for each, value in fields.items() if each != name}


def _unsealed(asked: Conversation, model: str | None) -> Conversation:
    """With state that another model sealed marked as made by another account, so that it stays behind.

    A recording does not tell whose key it was made with, so what only that account can read (OpenAI's
    encrypted reasoning) goes along only where the same model is asked again: that is most often the same
    account's, and an error tells where it is not.
    """
    if not set(names(asked.model)).isdisjoint(names(model)):
        return asked
    return replace(asked, items=tuple(map(_foreign, asked.items)))


def _foreign(item: Item) -> Item:
    if isinstance(item, Message):
        return replace(item, parts=tuple(map(_foreign_part, item.parts)))
    if isinstance(item, Reasoning | ToolCall) and item.opaque:
        return replace(item, opaque=_marked(item.opaque))
    return item


def _foreign_part(part: Part) -> Part:
    if isinstance(part, Text | Image) and part.opaque:
        return replace(part, opaque=_marked(part.opaque))
    return part


def _marked(blobs: tuple[Opaque, ...]) -> tuple[Opaque, ...]:
    return tuple(replace(blob, maker=replace(blob.maker, credential="a recording")) for blob in blobs)


def instructed(asked: Conversation, system: str) -> Conversation:
    """The conversation with this system text instead of all that there is; empty: with none."""
    rest = tuple(item for item in asked.items if not (isinstance(item, Message) and item.role in _SYSTEM))
    first = (Message(Role.SYSTEM, (Text(system),)),) if system else ()
    return replace(asked, items=(*first, *rest))


def _capped(asked: Conversation, model: str | None, losses: Losses) -> Conversation:
    """With a limit of output that the model has."""
    wanted, cap = asked.options.max_output_tokens, output_cap(model)
    if wanted is None or cap is None or wanted <= cap:
        return asked
    losses.tuning(path_of(asked, "max_output_tokens"), "max output tokens", f"{cap} is the most")
    return replace(asked, options=replace(asked.options, max_output_tokens=cap))


def without_refused(asked: Conversation, refused: Collection[str], losses: Losses) -> Conversation:
    """Without options that the target does not take."""
    usual = Options()
    gone = [name for name in refused if name != "thinking" and getattr(asked.options, name) is not None]
    for name in gone:
        losses.tuning(path_of(asked, name), name.replace("_", " "), "the target refuses it")
    if gone:
        rest = {name: getattr(usual, name) for name in gone}
        asked = replace(asked, options=replace(asked.options, **rest))
    if "thinking" in refused and asked.thinking is not None:
        losses.tuning(asked.thinking.origin, "thinking", "the target refuses it")
        asked = replace(asked, thinking=None)
    return asked
