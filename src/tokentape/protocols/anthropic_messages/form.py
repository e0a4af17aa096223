"""A Messages request without what says how the reply comes: a field, and on Vertex the method too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.synthesis import without_form
from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request


def neutral(request: Request, body: dict[str, Json]) -> Request:
    """The request as one for a whole message."""
    base = split_query(request.url)[0]
    if base.endswith("streamRawPredict"):
        url = base.removesuffix("streamRawPredict") + "rawPredict" + request.url[len(base) :]
        request = replace(request, url=url)
    return without_form(request, body)
