"""Conversations as requests of Converse: roles alternate, the user begins, results answer their calls."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.merging import merged
from tokentape.protocols.bedrock_converse.options import PLACES, write_output, write_thinking
from tokentape.protocols.bedrock_converse.tools import write_tools
from tokentape.protocols.bedrock_converse.write_content import ContentWriter, is_own
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.turns import grouped, own_turn, paired
from tokentape.protocols.canonical.walk import note_ids, note_logprobs
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.options import unwritten, write_options
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.turns import Group
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SIDES = {"tool": "user", "developer": "system"}
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_TIERS = frozenset({"default", "priority", "flex", "reserved"})
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
_PLACEHOLDER = "(no message)"
"""What stands for the user's turn where there is none: a request must begin with one."""


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request; what it cannot say is in `target.losses`."""
    items = asked.items
    if not all(item.origin is not None and item.origin.protocol == NAME for item in items):
        items = tuple(paired(identified(items), target.losses))
    content = ContentWriter(target, asked.model, items, reply=False)
    head, turns = _split(items, target)
    written: Fields = {}
    if system := [block for message in head for block in content.system(message)]:
        written["system"] = system
    messages = _messages(turns, content)
    note_ids(asked.items, NAME, target.losses)
    note_logprobs(asked.items, NAME, target.losses)
    if not is_own(asked.origin):
        _begun(messages, target)
    if messages:
        written["messages"] = messages
    _write_options(asked, target, written)
    write_tools(asked, target, content, written)
    write_thinking(asked, target, written)
    write_output(asked.output, target, written)
    own = asked.origin if is_own(asked.origin) else None
    model = quote(target.model or asked.model or "", safe="", errors="surrogatepass")
    operation = "converse-stream" if asked.stream else "converse"
    return Outgoing(f"model/{model}/{operation}", merged(own.rest, written) if own else written)


def _split(items: Sequence[Item], target: Target) -> tuple[list[Message], list[Item]]:
    """System text for the head, and the rest. Only models of late take it in between, so what comes from
    another dialect goes to the head (case 23).
    """
    head: list[Message] = []
    turns: list[Item] = []
    for item in items:
        if not isinstance(item, Message) or item.role not in _SYSTEM:
            turns.append(item)
            continue
        turn = own_turn(item, NAME)
        if turn is not None and turn.path[:1] == ("messages",):
            turns.append(item)
            continue
        if turns and turn is None:
            target.losses.tuning(item.origin, "place of system text", "it goes before the conversation")
        head.append(item)
    return head, turns


def _messages(turns: list[Item], content: ContentWriter) -> list[Json]:
    messages: list[Json] = []
    last: Group | None = None
    for group in grouped(turns, NAME, sides=_SIDES, merge=True):
        blocks: list[Json] = []
        for item in group.items:
            blocks += content.blocks(item)
        if not blocks and group.turn is None:
            continue
        if last is not None and last.side == group.side and None in (last.turn, group.turn):
            messages[-1]["content"] += blocks  # type: ignore[index, call-overload, operator]
            continue
        message: Fields = {"role": group.side, "content": blocks}
        messages.append(merged(group.turn.rest, message) if group.turn else message)
        last = group
    return messages


def _begun(messages: list[Json], target: Target) -> None:
    """The user begins (Bedrock guide, "Carry out a conversation with the Converse API")."""
    first = messages[0] if messages else None
    if isinstance(first, dict) and first["role"] == "user":
        return
    target.losses.meaning((), "beginning", "the first message must be the user's: an empty one was put there")
    messages.insert(0, {"role": "user", "content": [{"text": _PLACEHOLDER}]})


def _write_options(asked: Conversation, target: Target, written: Fields) -> None:
    options = asked.options
    losses = target.losses
    if is_own(asked.origin):
        write_options(options, PLACES, written)
        names = frozenset(place.option for place in PLACES)
        unwritten(asked, names, losses)
        return
    told = options
    if options.temperature is not None and options.temperature > 1:
        losses.tuning(("temperature",), "temperature", "it is at most 1")
        told = replace(told, temperature=1)
    if options.service_tier not in (None, *_TIERS):
        told = replace(told, service_tier=None)
    if options.stop is not None:
        told = replace(told, stop=tuple(word for word in options.stop if word) or None)
    if options.top_k is not None and "claude" not in (target.model or asked.model or ""):
        told = replace(told, top_k=None)
    if options.metadata is not None:
        told = replace(told, metadata=_metadata(options.metadata, target))
    done = write_options(told, PLACES, written)
    if options.metadata is not None or (options.stop is not None and not told.stop):
        done |= {"metadata", "stop"}
    harmless = options.service_tier in ("auto", "standard", "standard_only")
    unwritten(asked, done | {"service_tier"} if harmless else done, losses)


def _metadata(given: Json, target: Target) -> Json:
    """What of the metadata the API takes: short texts of few kinds of characters, at most 16."""
    if not isinstance(given, dict):
        target.losses.tuning(("metadata",), "metadata", "it must be names and texts")
        return None
    fits: Fields = {
        name: value
        for name, value in list(given.items())[:16]
        if isinstance(value, str) and name and _METADATA.fullmatch(name) and _METADATA.fullmatch(value)
    }
    for name in (name for name in given if name not in fits):
        target.losses.tuning(("metadata", name), f"metadata {name}", "only short plain texts are taken")
    return fits or None
