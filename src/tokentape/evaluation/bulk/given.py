"""From a row of a file back to what comparators look at: question, answer, and the two as a pair."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import parse
from tokentape.errors import CassetteError, ProtocolError
from tokentape.evaluation.comparing.comparator import Pair, Side
from tokentape.evaluation.comparing.plain import arguments_of, one_spelling
from tokentape.evaluation.corpus.row import Row, same_of
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Reply
from tokentape.protocols.canonical.semantic import key_and_links
from tokentape.protocols.codec import Source
from tokentape.protocols.fastjson import loads
from tokentape.protocols.translation import codec_of, read_request
from tokentape.protocols.usage import Usage
from tokentape.wire.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Stop

    Values = Mapping[str, object]

ASKED = ("conversation", "dialect", "model", "streamed", "request", "recording", "handle")
"""Columns that a question is read from."""
CAME = (
    "conversation",
    "dialect",
    "model",
    "streamed",
    "status",
    "response",
    "recording",
    "whole",
    "seconds",
    "first",
    "usage",
    "cost",
)
"""Columns that an answer is read from."""


def source_of(values: Values) -> Source:
    """Whose the bodies are, for readers."""
    model = values["model"]
    return Source(str(values["dialect"]), model if isinstance(model, str) else None, bool(values["streamed"]))


def keys(values: Values) -> tuple[str, str]:
    """The semantic key and the digest of the call, computed anew from what was asked."""
    asked = asked_of(values)
    if asked is None:
        return "", str(values["handle"])
    key, _ = key_and_links(asked)
    model = values["model"]
    return key, same_of(asked, key, model if isinstance(model, str) else None).hex()


def asked_of(values: Values) -> Conversation | None:
    """What was asked; None where it cannot be read."""
    if not values["conversation"]:
        return None
    text = values["request"]
    if not isinstance(text, str):
        row = _recorded(values)
        return row.conversation if row is not None else None
    try:
        body = loads(text.encode())
        return read_request(body, source_of(values)) if isinstance(body, dict) else None
    except (ProtocolError, JsonError, ValueError, KeyError):
        return None


def side_of(values: Values) -> Side:
    """The answer, as comparators look at it."""
    reply = _reply(values)
    if reply is None:
        return Side(Reply(()), is_whole=False)
    usage, cost = values["usage"], values["cost"]
    return Side(
        reply,
        bool(values["whole"]),
        _number(values["seconds"]),
        _number(values["first"]),
        Usage(**usage) if isinstance(usage, dict) else None,
        Decimal(repr(cost)) if isinstance(cost, float) else None,
    )


def pair_of(question: Values, answer: Values) -> Pair | None:
    """Both answers to the question; None where the question cannot be read."""
    asked = asked_of(question)
    if asked is None:
        return None
    metadata = question["metadata"]
    noted = json.loads(metadata) if isinstance(metadata, str) else {}
    return Pair(asked, side_of(question), side_of(answer), noted)


def read_reply(text: str, source: Source) -> Reply | None:
    """The reply that JSON of the dialect holds; None where it holds none."""
    try:
        body = loads(text.encode())
        return codec_of(source.dialect).read_reply(body, source) if isinstance(body, dict) else None
    except (ProtocolError, JsonError, ValueError, KeyError):
        return None


def reads_as(reply: Reply | None) -> tuple[tuple[Item, ...], Stop | None, Failure | None] | None:
    """All of a reply that comparators look at: arguments are JSON, however they are spelled. Whether it was
    cut is a column of its own.
    """
    if reply is None:
        return None
    return tuple(map(_one_spelling, reply.items)), reply.stop, reply.failure


def _one_spelling(item: Item) -> Item:
    if not isinstance(item, ToolCall):
        return item
    return replace(item, arguments=one_spelling(arguments_of(item)))


def _reply(values: Values) -> Reply | None:
    row = _recorded(values)
    if row is not None:
        return row.reply
    text, status = values["response"], values["status"]
    if not values["conversation"] or not isinstance(text, str) or (isinstance(status, int) and status >= 400):
        return None
    reply = read_reply(text, source_of(values))
    return None if reply is None or reply.is_nothing else reply


def _recorded(values: Values) -> Row | None:
    """The recording itself, where the file holds it."""
    block = values["recording"]
    if not isinstance(block, bytes):
        return None
    try:
        return Row(parse(block, "parquet"), "")
    except CassetteError:
        return None


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
