"""The two operations of Converse that differ only in how the reply comes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.wire.jsontext import dump
from tokentape.wire.message import without
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

STREAM_TYPE = "application/vnd.amazon.eventstream"

_GUARDRAIL = "guardrailConfig"
_STREAMS_ONLY = "streamProcessingMode"


def neutral(request: Request, body: dict[str, Json]) -> Request | None:
    """The request as `converse`; None for the count of a prompt's tokens."""
    base = split_query(request.url)[0]
    if base.endswith("/converse-stream"):
        url = base.removesuffix("-stream") + request.url[len(base) :]
        request = replace(request, url=url)
    elif not base.endswith("/converse"):
        return None
    guardrail = body.get(_GUARDRAIL)
    if not isinstance(guardrail, dict) or _STREAMS_ONLY not in guardrail:
        return request
    kept = {name: value for name, value in guardrail.items() if name != _STREAMS_ONLY}
    data = dump({**body, _GUARDRAIL: kept})
    return replace(request, headers=without(request.headers, "content-encoding"), body=data)
