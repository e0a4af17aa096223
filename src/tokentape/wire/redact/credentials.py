"""Which values stand in auth positions? These are learnt, and then looked for everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact import fields, values
from tokentape.wire.redact.names import header_kind, is_query_credential
from tokentape.wire.redact.percent import unquote
from tokentape.wire.redact.prefilter import suspects_fields
from tokentape.wire.url import authority_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.message import Headers

_SIGV4_RE = re.compile(r"(?:Credential=([^/,\s]+)|Signature=([0-9a-fA-F]+))")
_RANDOM_COOKIE = 16


def in_headers(headers: Headers) -> Iterator[str]:
    """Tokens, keys and passwords; an organization only if nobody would write it by chance."""
    for name, value in headers:
        kind = header_kind(name)
        if kind == "credential":
            yield from _in_authorization(value) if "auth" in name.lower() else (value,)
        elif kind == "organization" and values.looks_random(value.encode("latin-1", "replace"), 12):
            yield value


def _in_authorization(value: str) -> Iterator[str]:
    """`Bearer X`: X. `Basic X`: X and the password in it. SigV4: key id and signature."""
    scheme, space, rest = value.strip().partition(" ")
    if not space:
        yield scheme
        return
    if scheme.upper().startswith("AWS4"):
        yield from (key_id or signature for key_id, signature in _SIGV4_RE.findall(rest))
        return
    yield rest.strip()
    pair = values.basic_pair(rest.strip().encode("latin-1", "replace")) if scheme.lower() == "basic" else None
    if pair is not None:
        yield pair[1] or pair[0]


def cookies(headers: Headers) -> Iterator[str]:
    """Cookie values that look random; others (`en-US`, `production`) are ordinary words."""
    for name, value in headers:
        if header_kind(name) != "cookie":
            continue
        pairs = value.split(";")
        for pair in pairs[:1] if name.lower().startswith("set-") else pairs:
            secret = pair.partition("=")[2].strip().strip('"')
            if values.looks_random(secret.encode("latin-1", "replace"), _RANDOM_COOKIE):
                yield secret


def in_url(url: str) -> Iterator[str]:
    """Userinfo, and query parameters that are credentials, as written and decoded."""
    userinfo = authority_of(url).rpartition("@")[0]
    if userinfo:
        user, _, password = userinfo.partition(":")
        yield _decoded(password or user)
    for part in url.partition("#")[0].partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if value and is_query_credential(_decoded(name)):
            yield _decoded(value)


def _decoded(text: str) -> str:
    return unquote(text.encode("utf-8", "surrogatepass"), plus=True).decode("utf-8", "replace")


def in_body(body: bytes) -> Iterator[str]:
    """Values of credential fields in JSON, if they look random: passwords may be plain words."""
    if not suspects_fields(body):
        return
    for start, end, _ in fields.find(body):
        value = body[start:end].rpartition(b" ")[2]
        if values.looks_random(value, 8):
            yield value.decode("ascii")
