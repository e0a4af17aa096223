"""Who may ask at all, judged from the head of a request. Pure: no I/O, and nothing of a body is read.

The rules, each for a way in which a server on this machine, or a key in it, was misused:

    host          a page whose name was pointed at 127.0.0.1 (DNS rebinding) says its own name there
    origin        a page of another site may send requests, also when it cannot read what comes back
    content type  a form, or a fetch that asks nobody before, can send all types but JSON
    address       without keys, who asks is on this machine
    key           any other bind has keys; each is compared in constant time
    limits        header fields and bodies have a size

`explanation/gateway-safety.md` says what they protect from, and what they do not.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tokentape.errors import UsageError
from tokentape.gateway.call import Client
from tokentape.gateway.keyring import CREDENTIAL_HEADERS, OWN_HEADER, Keyring, shown_credentials
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Headers

Kind = Literal["host", "origin", "content_type", "address", "key", "headers", "body"]


@dataclass(frozen=True, slots=True)
class SafetyOptions:
    """Who may ask, and how much.

    `host` is what the server is bound to: an address, a name, or the path of a Unix socket. `keys` are
    (name, secret). `allowed_hosts` are names beyond loopback under which it is reached, `allowed_origins`
    the pages ("https://app.example.com", "*") whose scripts may ask. `salt`: see `keyring`.
    """

    host: str = "127.0.0.1"
    keys: tuple[tuple[str, Secret], ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    body_limit: int = 64 * 1024 * 1024
    body_seconds: float | None = 60.0
    header_limit: int = 64 * 1024
    header_count: int = 200
    salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not taken: the rule, a status, and one line that says what to do."""

    status: int
    kind: Kind
    message: str


@quick
@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that is taken.

    `held` are the places (`authorization`, `QUERY_KEY`, ...) in which the gateway's own key stood: they go no
    further. `grant` are header fields of the reply that let the page which asked read it.
    """

    name: str = "-"
    fingerprint: str = "-"
    held: frozenset[str] = frozenset()
    grant: Headers = ()

    @property
    def client(self) -> Client:
        """Who asks."""
        return Client(self.fingerprint, self.name)


@dataclass(frozen=True, slots=True)
class Preflight:
    """A browser asks whether an allowed page may ask: 204 with these header fields."""

    headers: Headers


OPEN = frozenset({"/health", "/ready"})
"""Paths that say nothing, for whoever watches the server."""

_LOOKED_AT = frozenset(
    {"host", "origin", "sec-fetch-site", "content-type", "content-length", "transfer-encoding"}
) | {"access-control-request-method", *CREDENTIAL_HEADERS}
_BODIED = frozenset({"POST", "PUT", "PATCH"})
_JSON = re.compile(r"application/(?:json|[\w.!#$&^+-]*\+json|x-amz-json-[\d.]+)", re.I)
_FORMS = ("text/plain", "application/x-www-form-urlencoded")
_UPLOADS = re.compile(
    r"/v\d\w*/(?:audio|containers|files|fine_tuning|images|skills|uploads|vector_stores|videos)(?:/|\Z)"
)
"""Paths on which files are sent, as multipart or as they are."""
_CROSS = frozenset({"cross-site", "same-site"})
"""Another port of this machine is `same-site`."""
_NO_PAGE = Admitted()


_MOST_KNOWN = 4_096


class Gate:
    """The rules for one server. Raises `UsageError` for a bind without keys that others can reach."""

    def __init__(self, options: SafetyOptions) -> None:
        self._options = options
        self._keys = Keyring(options.keys, options.salt)
        self._admitted: dict[bytes, Admitted] = {}
        self._salt = os.urandom(32)
        self._is_local = is_local_bind(options.host)
        if not self._keys and not self._is_local:
            raise UsageError(
                f"host {options.host!r} can be reached from other machines, and no key is set: "
                "add keys under [server], or use 127.0.0.1"
            )
        self._judges_hosts = self._is_local or bool(options.allowed_hosts)
        self._hosts = frozenset(host.lower().rstrip(".") for host in options.allowed_hosts)
        self._origins = frozenset(origin.lower().rstrip("/") for origin in options.allowed_origins)

    def check(
        self, method: str, path: str, query: str, headers: Headers, address: str | None
    ) -> Admitted | Preflight | Refusal:
        """Whether a request is taken. `path` is without prefixes; `address` is the other side's, None for a
        Unix socket.

        Clients say the same with each call, but for the length of its body: what was admitted once, is again.
        """
        known = self._digest((method, path, query, str(address)), headers)
        found = None if known is None else self._admitted.get(known)
        if found is not None:
            return found
        verdict = self._judged(method, path, query, headers, address)
        if known is not None and isinstance(verdict, Admitted):
            if len(self._admitted) >= _MOST_KNOWN:
                self._admitted.clear()
            self._admitted[known] = verdict
        return verdict

    def _digest(self, said: tuple[str, ...], headers: Headers) -> bytes | None:
        """All that a verdict depends on, as a hash under a salt: no key of anybody's is kept. None for a
        request that has to be looked at.
        """
        limit = self._options.body_limit
        parts = [*said]
        for name, value in headers:
            parts.append(name)
            is_length = name == "content-length" and len(value) < 20 and value.isdecimal()
            parts.append("1" * len(value) if is_length and 0 < int(value) <= limit else value)
        text = "\0".join(parts)
        if text.count("\0") >= len(parts):
            return None
        data = text.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(data, key=self._salt, digest_size=16).digest()

    def _judged(
        self, method: str, path: str, query: str, headers: Headers, address: str | None
    ) -> Admitted | Preflight | Refusal:
        looked: dict[str, str] = {}
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            lower = name.lower()
            if lower in _LOOKED_AT:
                if lower in looked and lower in ("host", "origin", "content-type", "content-length"):
                    return Refusal(400, "headers", f"the header {lower} stands there twice")
                looked.setdefault(lower, value)
        if size > self._options.header_limit or len(headers) > self._options.header_count:
            return Refusal(431, "headers", "the request has too many header fields, or too long ones")
        if path in OPEN and method in ("GET", "HEAD"):
            return _NO_PAGE
        return (
            self._wrong_address(address)
            or self._wrong_host(looked.get("host"))
            or self._of_page(method, looked)
            or self._wrong_body(method, path, looked)
            or self._known(looked, query)
        )

    def _wrong_address(self, address: str | None) -> Refusal | None:
        if self._keys or address is None or is_loopback(address):
            return None
        return Refusal(403, "address", "without keys under [server] only this machine is served")

    def _wrong_host(self, host: str | None) -> Refusal | None:
        """Where others can reach it, keys keep pages out, and the names are those of the network."""
        if not self._judges_hosts:
            return None
        if host is None:
            return Refusal(400, "host", "the request has no Host header")
        name = name_in(host)
        if is_loopback(name) or self._allows_host(name):
            return None
        shown = name[:100]
        fix = "add it to hosts under [server] if it is this gateway's name"
        return Refusal(403, "host", f"the Host header says {shown!r}, which is not this machine: {fix}")

    def _allows_host(self, name: str) -> bool:
        if name in self._hosts or "*" in self._hosts:
            return True
        parts = name.split(".")
        return any("*." + ".".join(parts[at:]) in self._hosts for at in range(1, len(parts)))

    def _of_page(self, method: str, looked: dict[str, str]) -> Refusal | Preflight | None:
        """A page of another site; what it may, is configured."""
        origin = looked.get("origin")
        if origin is None:
            if looked.get("sec-fetch-site", "").lower() in _CROSS:
                return Refusal(403, "origin", "a page of another site asked; such requests are not taken")
            return None
        if not self._allows_origin(origin, looked.get("host", "")):
            fix = "add it to origins under [server] if its scripts may spend your money"
            return Refusal(403, "origin", f"a page of {origin[:100]!r} asked, which is not allowed: {fix}")
        if method == "OPTIONS" and "access-control-request-method" in looked:
            return Preflight((*_granted(origin), *_PREFLIGHT))
        return None

    def _allows_origin(self, origin: str, host: str) -> bool:
        """Allowed ones, and the gateway's own pages, whose host was judged before."""
        plain = origin.lower().rstrip("/")
        is_own = self._judges_hosts and plain in (f"http://{host.lower()}", f"https://{host.lower()}")
        return is_own or plain in self._origins or ("*" in self._origins and plain != "null")

    def _wrong_body(self, method: str, path: str, looked: dict[str, str]) -> Refusal | None:
        length = looked.get("content-length")
        if length is not None and length.isdigit() and int(length) > self._options.body_limit:
            most = self._options.body_limit
            return Refusal(413, "body", f"the body has {length} bytes; at most {most} are taken")
        if method not in _BODIED or (length in (None, "0") and "transfer-encoding" not in looked):
            return None
        kind = looked.get("content-type", "").partition(";")[0].strip()
        if _JSON.fullmatch(kind) is not None:
            return None
        if kind and kind.lower() not in _FORMS and _UPLOADS.search(path) is not None:
            return None
        said = f"not {kind[:60]!r}" if kind else "but the request does not say what its body is"
        return Refusal(415, "content_type", f"send JSON with 'Content-Type: application/json', {said}")

    def _known(self, looked: dict[str, str], query: str) -> Admitted | Refusal:
        shown = shown_credentials(looked, query)
        names = {place: name for place, key in shown.items() if (name := self._keys.name_of(key)) is not None}
        if self._keys and ((OWN_HEADER in shown and OWN_HEADER not in names) or not names):
            return _unknown(bool(shown))
        name = names[next(iter(names))] if names else "-"
        others = [key for place, key in shown.items() if place not in names and place != OWN_HEADER]
        fingerprint = f"{name}:{self._keys.fingerprint(others[0])}" if others else name
        origin = looked.get("origin")
        return Admitted(name, fingerprint, frozenset(names), _granted(origin) if origin else ())


def _unknown(shown: bool) -> Refusal:
    if shown:
        return Refusal(401, "key", "the key that was shown is not one of this gateway's")
    how = "as 'Authorization: Bearer', x-api-key, api-key, x-goog-api-key, ?key= or X-Tokentape-Key"
    return Refusal(401, "key", f"this gateway wants a key of its own: send it {how}")


def _granted(origin: str) -> Headers:
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "*"),
        ("Vary", "Origin"),
    )


_PREFLIGHT: Headers = (
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
    ("Access-Control-Allow-Headers", "*, Authorization"),
    ("Access-Control-Allow-Private-Network", "true"),
    ("Access-Control-Max-Age", "600"),
)


def name_in(host: str) -> str:
    """The name or address in a Host header, lower case, without port and brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def is_loopback(name: str) -> bool:
    """True for this machine: `localhost`, names below it, and addresses of the loopback network."""
    if name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(name)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def is_local_bind(host: str) -> bool:
    """True where only this machine can reach a server that is bound so: loopback, or a Unix socket."""
    return "/" in host or is_loopback(name_in(host) if host.startswith("[") else host.lower())
