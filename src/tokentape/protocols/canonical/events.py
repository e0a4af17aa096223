"""A reply that streams, in canonical form: events over blocks, told apart by a key.

A block is an item, or a part of the assistant's message; `Open` shows it as it begins. Parts that follow
each other are one message, unless they name different ones. After `Ended` nothing comes.

    Started (Open (Delta | Amend)* Close | Stopped | Counted | Failed | Ping | Remark)* Ended
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.items import Item, Message
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Stop
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Block = Item | Part


class Started(NamedTuple):
    """The reply begins; may come again with what is known by then. `rest` are fields of the reply that
    only `protocol` knows.
    """

    protocol: str
    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    rest: Mapping[str, Json] = {}


class Open(NamedTuple):
    """A block begins, as far as it is known. `message` is the message (without parts) that a part belongs
    to, where the dialect tells.
    """

    key: int
    block: Block
    choice: int = 0
    message: Message | None = None


class Delta(NamedTuple):
    """More of a block's text: of a text, a refusal, a thought, or a tool call's arguments; with `part`,
    of that summary of a thought (from 0).
    """

    key: int
    text: str
    part: int | None = None


class Amend(NamedTuple):
    """More about a block: `value` is appended where field `name` is a tuple, else it is the field."""

    key: int
    name: str
    value: object


class Close(NamedTuple):
    """The block is whole."""

    key: int


class Stopped(NamedTuple):
    """A choice ended. `rest` are fields of the choice that only the reader's dialect knows; `origin` tells
    more of it, where there is more: how it was written, and the native message in it (its `turn`).
    """

    stop: Stop | None
    choice: int = 0
    rest: Mapping[str, Json] = {}
    origin: Origin | None = None


class Counted(NamedTuple):
    """Tokens so far; the last one that says something wins, count by count."""

    usage: Usage


class Failed(NamedTuple):
    """An error told inside the stream."""

    failure: Failure


class Ping(NamedTuple):
    """The connection is alive."""


class Remark(NamedTuple):
    """An event that only `protocol` knows."""

    protocol: str
    name: str | None
    json: Json


class Ended(NamedTuple):
    """The stream is over. `complete`: its dialect's own end was seen."""

    complete: bool


Event = Started | Open | Delta | Amend | Close | Stopped | Counted | Failed | Ping | Remark | Ended
