"""A request without anything that shows who asks: what a client sent stays here."""

from __future__ import annotations

from urllib.parse import unquote_plus

from tokentape.wire.message import Request
from tokentape.wire.redact.names import is_query_credential

CREDENTIALS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
) | {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
"""Header fields that prove who asks, in any of the APIs."""


def bare(request: Request) -> Request:
    """The request without credentials, in its headers or in the query of its URL."""
    headers = tuple([field for field in request.headers if field[0].lower() not in CREDENTIALS])
    url = request.url
    if "?" in url:
        base, _, query = url.partition("?")
        kept = bare_query(query)
        if kept != query:
            url = f"{base}?{kept}" if kept else base
    if len(headers) == len(request.headers) and url is request.url:
        return request
    return Request(request.method, url, headers, request.body, request.http)


def bare_query(query: str) -> str:
    """A query without keys and tokens, however their names are spelled (`key`, `%6Bey`, `access_token`)."""
    if not query:
        return query
    return "&".join(pair for pair in query.split("&") if not is_query_credential(_name(pair)))


def _name(pair: str) -> str:
    name = pair.partition("=")[0]
    return unquote_plus(name) if "%" in name or "+" in name else name
