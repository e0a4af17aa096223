"""From a recorded call to a row of a file. Nothing here raises over what a recording holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tokentape.cassettes.format.layout import render
from tokentape.errors import ProtocolError
from tokentape.evaluation.bulk.given import read_reply, reads_as
from tokentape.evaluation.comparing.plain import calls_of, text_of
from tokentape.evaluation.corpus.names import FIELDS, words
from tokentape.protocols.codec import Target
from tokentape.protocols.registry import stream_of
from tokentape.protocols.usage import COUNTS
from tokentape.wire.body import decoded_body
from tokentape.wire.jsontext import JsonError, dump

if TYPE_CHECKING:
    from tokentape.evaluation.corpus.row import Row

    Values = dict[str, object]


def taken(row: Row, nth: int) -> Values:
    """The columns of a row; those of answers are null."""
    reply, usage = row.reply, row.usage
    values: Values = {
        "nth": nth,
        "handle": row.handle.hex(),
        "at": _time(row.interaction.timing.at),
        "conversation": row.is_conversation,
        "streamed": row.found.operation.stream,
        "metadata": json.dumps(dict(row.metadata)),
        "key": row.key,
        "same": row.same.hex(),
        "cluster": row.cluster or None,
        "times": row.times,
        "prompt": words(row.conversation.items) if row.conversation is not None else None,
        "reply": text_of(reply) if reply is not None else None,
        "calls": _calls(row),
        "usage": None if usage is None else {name: getattr(usage, name) for name in COUNTS},
        "ended": row.interaction.ended.how.value,
        "whole": row.is_whole,
        "why_not": row.why_not,
        "target": None,
        "sample": None,
        "question": None,
        **_bodies(row),
    }
    values |= {name: FIELDS[name].read(row) for name in _AS_CONDITIONS_SAY}
    return {name: _storable(value) if isinstance(value, str) else value for name, value in values.items()}


_AS_CONDITIONS_SAY = (
    "id",
    "cassette",
    "dialect",
    "operation",
    "provider",
    "model",
    "answered",
    "category",
    "cost",
    "seconds",
    "first",
    "status",
    "stop",
)
"""Columns that are what `--where` calls so."""


def _calls(row: Row) -> str | None:
    if row.reply is None:
        return None
    found = calls_of(row.reply)
    return json.dumps([{"id": one.id, "name": one.name, "arguments": one.arguments} for one in found])


def _time(at: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _bodies(row: Row) -> Values:
    """Request and reply as JSON, if they give back what is compared; else the recording, too."""
    asked = _text(decoded_body(row.interaction.request)) if isinstance(row.found.body, dict) else None
    came = _reply_text(row)
    values: Values = {"request": asked, "response": came, "recording": None}
    if asked is None or not _gives_back(row, came):
        values["recording"] = render(replace(row.interaction)).encode()
    return values


def _gives_back(row: Row, came: str | None) -> bool:
    """True if the JSON reads as what was recorded, or if that was nothing."""
    if row.reply is None or came is None:
        return row.reply is None
    return reads_as(read_reply(came, row.source)) == reads_as(row.reply)


def _reply_text(row: Row) -> str | None:
    """The reply as JSON: its own text, or that of a stream as its dialect writes it in one piece."""
    response = row.interaction.response
    if response is None:
        return None
    if stream_of(row.found.operation, response) is None:
        return _json_text(decoded_body(response))
    dialect = row.found.dialect
    if (reply := row.reply) is None or dialect is None or dialect.codec is None:
        return None
    try:
        return _text(dump(dialect.codec().write_reply(reply, Target(row.dialect, row.model or ""))))
    except (ProtocolError, JsonError, RecursionError):
        return None


def _json_text(body: bytes | None) -> str | None:
    text = _text(body)
    return text if text is not None and text.lstrip()[:1] in ("{", "[") else None


def _text(body: bytes | None) -> str | None:
    try:
        return None if body is None else body.decode()
    except UnicodeDecodeError:
        return None


def _storable(text: str) -> str:
    """Parquet's text is UTF-8, which half a character is not."""
    return text.encode("utf-8", "replace").decode()
