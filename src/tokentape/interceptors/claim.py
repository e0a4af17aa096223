"""Whose request is this? The outermost library that a request passes through records it, and no other.

Libraries stack: an httpx client may send through aiohttp, requests through urllib3, a client through
another client. The outer interceptor claims the very request it forwards (method, URL, body) in a context
variable while the inner layers work on it; an inner interceptor lets a claimed request pass. It is a token
and not a flag: another request made meanwhile (a login, a token refresh) is seen as usual.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.message import Request


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed request. Equal bodies have equal digests; `None` and no bytes are the same here."""

    method: str
    url: str
    body: bytes

    def covers(self, request: Request, *, body_known: bool) -> bool:
        """True if `request` is this one; an unread body is taken to be the same."""
        if request.method != self.method or not _same_url(request.url, self.url):
            return False
        return not body_known or _digest(request.body) == self.body


_claims: ContextVar[tuple[Claim, ...]] = ContextVar("tokentape_claims", default=())
_all: ContextVar[bool] = ContextVar("tokentape_claims_all", default=False)


def is_claimed(request: Request, *, body_known: bool = True) -> bool:
    """True if an outer library has this request in hand."""
    claims = _claims.get()
    return _all.get() or (
        bool(claims) and any(claim.covers(request, body_known=body_known) for claim in claims)
    )


@contextmanager
def claimed(request: Request) -> Iterator[None]:
    """Claim `request` for the block. It must be left in the context in which it was entered."""
    claim = Claim(request.method, request.url, _digest(request.body))
    token = _claims.set((*_claims.get(), claim))
    try:
        yield
    finally:
        _claims.reset(token)


@contextmanager
def all_claimed() -> Iterator[None]:
    """Claim every request of the block: what is sent in it is ours, and no program's."""
    token = _all.set(True)
    try:
        yield
    finally:
        _all.reset(token)


def _digest(body: bytes | None) -> bytes:
    return blake2b(body or b"", digest_size=16).digest()


def _same_url(one: str, other: str) -> bool:
    """Libraries quote differently, so URLs are also compared unquoted."""
    return one == other or unquote(one) == unquote(other)
