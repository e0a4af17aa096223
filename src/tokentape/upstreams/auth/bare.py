"""A request without anything that shows who asks: what a client sent stays here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.message import Request

CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
) | {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
"""Header fields that prove who asks, in any of the APIs."""


def bare(request: Request) -> Request:
    """The request without credentials, in its headers or (`key=`) in its URL."""
    headers = tuple([field for field in request.headers if field[0].lower() not in CREDENTIALS])
    url = request.url
    if "key=" in url:
        base, _, query = url.partition("?")
        kept = "&".join(pair for pair in query.split("&") if pair.partition("=")[0] != "key")
        url = f"{base}?{kept}" if kept else base
    if len(headers) == len(request.headers) and url is request.url:
        return request
    return replace(request, url=url, headers=headers)
