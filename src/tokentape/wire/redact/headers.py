"""Credentials in header fields.

Nothing is dropped, since a replay must give back every field that was there: hop-by-hop fields
(RFC 9110, 7.6.1) stay. But a field that the Connection field nominates was private to that one hop,
so its value goes, whatever its name says and wherever in the list it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact import placeholder
from tokentape.wire.redact import url as urls
from tokentape.wire.redact.hits import cut
from tokentape.wire.redact.names import header_kind
from tokentape.wire.redact.vocabulary import vocabulary

if TYPE_CHECKING:
    from tokentape.wire.message import Headers
    from tokentape.wire.redact.search import Search

_HOP = vocabulary(
    "close keep-alive connection proxy-connection te trailer trailers transfer-encoding upgrade"
    " http2-settings"
)
"""What Connection names in ordinary traffic; these say how the hop works and hold no secret."""

_MORE_COOKIES_RE = re.compile(r",\s*(?=[^=;,\s]+=)")
_LINKS = frozenset({"location", "content-location", "referer", "link", "origin", "operation-location"})

Found = list[tuple[str, str]]
"""Field name in lower case, and the kind of secret."""


def redact(headers: Headers, search: Search) -> tuple[Headers, Found]:
    """The fields with their secrets replaced, in the same order and spelling, and what was found."""
    nominated = _nominated(headers)
    found: Found = []
    kinds = [_kind(name.lower(), nominated, search) for name, _ in headers]
    others = [value for (_, value), kind in zip(headers, kinds, strict=True) if kind is None]
    clean = search.clean("\n".join(others).encode("latin-1", "replace")) and not any(
        name.lower() in _LINKS for name, _ in headers
    )
    kept = tuple(
        (name, value if clean and kind is None else _value(name.lower(), value, kind, search, found))
        for (name, value), kind in zip(headers, kinds, strict=True)
    )
    return (kept, found) if found else (headers, found)


def _nominated(headers: Headers) -> frozenset[str]:
    """Names in Connection fields, apart from the usual ones."""
    listed = [value for name, value in headers if name.lower() in ("connection", "proxy-connection")]
    if not listed:
        return frozenset()
    return frozenset(",".join(listed).lower().replace(" ", "").split(",")) - _HOP - {""}


def _kind(lower: str, nominated: frozenset[str], search: Search) -> str | None:
    """Why the whole value of this field goes; None if it is no secret by name."""
    if lower in nominated:
        return header_kind(lower) or "hop_by_hop"
    kind = header_kind(lower)
    return "user_rule" if kind is None and search.rules.headers.match(lower) else kind


def _value(lower: str, value: str, kind: str | None, search: Search, found: Found) -> str:
    if not value or placeholder.is_placeholder(value):
        return value
    if kind is None:
        return _scan(lower, value, search, found)
    changed = _cookies(lower, value) if kind == "cookie" else placeholder.WHOLE
    if changed != value:
        found.append((lower, kind))
    return changed


def _scan(lower: str, value: str, search: Search, found: Found) -> str:
    """A field that is no credential by name may still hold one."""
    if lower in _LINKS:
        value, kinds = urls.redact(value, search)
        found += [(lower, kind) for kind in kinds]
    hits = search.text(value.encode("latin-1", "replace"))
    found += [(lower, hit.kind) for hit in hits]
    return cut(value, hits) if hits else value


def _cookies(lower: str, value: str) -> str:
    """Cookie names and attributes stay, so that a cookie jar goes on working; values go."""
    if lower.startswith("set-cookie"):
        return ", ".join(_set_cookie(one) for one in _MORE_COOKIES_RE.split(value))
    return ";".join(_pair(pair) for pair in value.split(";"))


def _set_cookie(value: str) -> str:
    pair, semicolon, attributes = value.partition(";")
    return _pair(pair) + semicolon + attributes


def _pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        return placeholder.WHOLE if pair.strip() else pair
    return f"{name}={placeholder.WHOLE}" if value.strip() else pair
