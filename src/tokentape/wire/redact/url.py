"""Credentials in URLs: userinfo, query parameters, fragments, and keys in the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.redact import placeholder
from tokentape.wire.redact.hits import Hit, cut
from tokentape.wire.redact.names import is_query_credential
from tokentape.wire.redact.percent import unquote
from tokentape.wire.url import authority_of

if TYPE_CHECKING:
    from tokentape.wire.redact.search import Search


_SHORTEST = 8
"""No key, and no value ever learnt, is shorter."""


def redact(url: str, search: Search) -> tuple[str, list[str]]:
    """`url` with its secrets replaced, everything else as it was, and the kinds of what was found."""
    kinds: list[str] = []
    base, hash_, fragment = url.partition("#")
    base, mark, query = base.partition("?")
    if "@" in base:
        base = _without_userinfo(base, kinds)
    if mark:
        query = _parameters(query, search, kinds)
    if "=" in fragment:
        fragment = _parameters(fragment, search, kinds)
    if not search.clean(base.encode("utf-8", "surrogatepass")) or "%" in base:
        base = "/".join(_text(segment, search, kinds) for segment in base.split("/"))
    return base + mark + query + hash_ + fragment, kinds


def _without_userinfo(base: str, kinds: list[str]) -> str:
    """`user:password@` (or a token alone) before the host; in an authority brackets must be escaped."""
    authority = authority_of(base)
    userinfo, at, host = authority.rpartition("@")
    if not at or userinfo in ("", placeholder.WHOLE_ESCAPED):
        return base
    kinds.append("credential")
    return base.replace(f"//{authority}", f"//{placeholder.WHOLE_ESCAPED}@{host}", 1)


def _parameters(query: str, search: Search, kinds: list[str]) -> str:
    return "&".join(_parameter(part, search, kinds) for part in query.split("&"))


def _parameter(part: str, search: Search, kinds: list[str]) -> str:
    name, equals, value = part.partition("=")
    if not value or placeholder.is_placeholder(value):
        return part
    plain = unquote(name.encode("utf-8", "surrogatepass"), plus=True).decode("utf-8", "replace")
    if is_query_credential(plain) or search.rules.query.match(plain):
        kinds.append("credential")
        return f"{name}={placeholder.WHOLE}"
    if hidden(value, search):
        kinds.append("key")
        return f"{name}={placeholder.WHOLE}"
    return f"{_text(name, search, kinds)}{equals}{value}"


def hidden(value: str, search: Search) -> bool:
    """True if a form or query value holds a secret, as it is or after decoding."""
    data = value.encode("utf-8", "surrogatepass")
    decoded = unquote(data, plus=True)
    return bool(search.text(data) or (decoded != data and search.text(decoded)))


def _text(text: str, search: Search, kinds: list[str]) -> str:
    """Keys in the path, or in names. Offsets are those of bytes, so go by way of latin-1."""
    if len(text) < _SHORTEST:
        return text
    data = text.encode("utf-8", "surrogatepass")
    hits: list[Hit] = search.text(data)
    if not hits and "%" in text and hidden(text, search):
        kinds.append("key")
        return placeholder.WHOLE_ESCAPED
    if not hits:
        return text
    kinds += [hit.kind for hit in hits]
    return (
        cut(data.decode("latin-1"), hits, placeholder.WHOLE_ESCAPED)
        .encode("latin-1")
        .decode("utf-8", "surrogatepass")
    )
