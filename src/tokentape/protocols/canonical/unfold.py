"""A reply as the events of a stream that amounts to it: the reverse of `fold`."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.items import Message, Reasoning, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.canonical.parts import Refusal, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.events import Block, Event
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Choice, Reply

PIECE = 16
"""Characters of a delta."""


def unfold(reply: Reply, piece: int = PIECE) -> Iterator[Event]:
    """The events, text in pieces of `piece` characters. A message without parts says nothing and has none."""
    origin = reply.origin
    protocol, rest = (origin.protocol, origin.rest) if origin else ("", NOTHING)
    yield Started(protocol, reply.id, reply.model, reply.created, rest)
    keys = count()
    for choice in reply.choices:
        yield from _choice(choice, keys, piece)
    if reply.usage is not None:
        yield Counted(reply.usage)
    if reply.failure is not None:
        yield Failed(reply.failure)
    yield Ended(reply.complete)


def _choice(choice: Choice, keys: Iterator[int], piece: int) -> Iterator[Event]:
    for item in choice.items:
        if isinstance(item, Message):
            shell = replace(item, parts=())
            for part in item.parts:
                yield from _block(Open(next(keys), part, choice.index, shell), piece)
        else:
            yield from _block(Open(next(keys), item, choice.index), piece)
    rest = choice.origin.rest if choice.origin else NOTHING
    if choice.stop is not None or rest:
        yield Stopped(choice.stop, choice.index, rest)


def _block(opened: Open, piece: int) -> Iterator[Event]:
    """One block: as it begins, what it says in pieces, what is known once it was said."""
    block, key = opened.block, opened.key
    match block:
        case Text():
            yield opened._replace(block=_begun(block))
            yield from _deltas(key, block.text, piece)
            yield from _amends(key, block, "citations", "opaque", "logprobs")
        case Refusal():
            yield opened._replace(block=_begun(block))
            yield from _deltas(key, block.text, piece)
            yield from _amends(key, block, "logprobs")
        case Reasoning():
            yield opened._replace(block=replace(block, text="", summary=(), opaque=()))
            for nth, part in enumerate(block.summary):
                yield from _deltas(key, part, piece, nth)
            yield from _deltas(key, block.text, piece)
            yield from _amends(key, block, "opaque")
        case ToolCall() | ServerTool() if block.arguments:
            yield opened._replace(block=replace(block, arguments=""))
            yield from _deltas(key, block.arguments, piece)
        case _:
            yield opened
    yield Close(key)


def _begun(block: Text | Refusal) -> Block:
    logprobs = None if block.logprobs is None else ()
    if isinstance(block, Refusal):
        return replace(block, text="", logprobs=logprobs)
    return replace(block, text="", citations=(), opaque=(), logprobs=logprobs)


def _deltas(key: int, text: str, piece: int, part: int | None = None) -> Iterator[Event]:
    for start in range(0, len(text), piece):
        yield Delta(key, text[start : start + piece], part)


def _amends(key: int, block: Item | Text | Refusal, *names: str) -> Iterator[Event]:
    for name in names:
        for value in getattr(block, name) or ():
            yield Amend(key, name, value)
