"""What an error reply of an upstream says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, kind_of_status
from tokentape.protocols.fastjson import loads
from tokentape.protocols.translation import codec_of
from tokentape.wire.body import decode_content
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

LONGEST_ERROR = 1 << 20
"""Bytes of an error that are read."""


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
    return codec_of(dialect).read_failure(status, body)
