"""The two operations of Gemini that differ only in how the reply comes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.wire.url import split_query

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

_METHOD = re.compile(r"(:|%3[Aa])(?:streamG|g)enerateContent$")


def neutral(request: Request, body: dict[str, Json]) -> Request | None:
    """The request as `generateContent`, without `alt`; None for any other operation."""
    del body
    base, query = split_query(request.url)
    if not _METHOD.search(base):
        return None
    kept = "&".join(
        pair for pair in query.split("&") if pair and pair.partition("=")[0] not in ("alt", "$alt")
    )
    url = _METHOD.sub(r"\1generateContent", base)
    return replace(request, url=f"{url}?{kept}" if kept else url)
