"""What an error reply of an upstream says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, kind_of_status
from tokentape.protocols.fastjson import loads
from tokentape.protocols.table import dialect_named
from tokentape.protocols.translation import codec_of
from tokentape.wire.body import decode_content
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

LONGEST_ERROR = 1 << 20
"""Bytes of an error that are read."""
_USUAL = "openai.chat"
"""How errors of a dialect that nobody translates are read (embeddings, files): most write them in this form,
and its reader takes any."""


def plain(data: bytes, headers: Headers) -> bytes:
    """The bytes without a content coding that the server used though nobody asked for one."""
    coding = header(headers, "content-encoding")
    if not coding:
        return data
    decoded = decode_content(data, coding)
    return data if decoded is None else decoded


def told_by(status: int, data: bytes, dialect: str) -> Failure:
    """What an error reply says, in its dialect if it is in it, else in its own words."""
    body: Json = None
    try:
        body = loads(data)
    except JsonError:
        text = data.decode("utf-8", "replace").strip()
        if text:
            return Failure(kind_of_status(status), text[:2000], status)
    known = dialect_named(dialect)
    codec = codec_of(dialect if known is not None and known.codec is not None else _USUAL)
    return codec.read_failure(status, body)
