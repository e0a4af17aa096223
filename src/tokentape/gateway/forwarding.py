"""Which header fields go on, in either direction: everything that is not about one connection, or secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape import __version__
from tokentape.gateway.naming import OURS
from tokentape.gateway.taping import HOP

if TYPE_CHECKING:
    from tokentape.wire.message import Headers

CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"})
"""Fields in which clients show keys."""

_NOT_ON = frozenset(
    {*HOP, "host", "content-length", "accept-encoding", "expect", "origin", "referer", "forwarded", "via"}
)
_BROWSERS = ("sec-", "x-forwarded-", OURS)

_NOT_BACK = frozenset({*HOP, "content-length", "set-cookie", "alt-svc", "strict-transport-security"})

IDENTITY = ("accept-encoding", "identity")
"""Replies are read on their way, so they are asked for without a coding."""

_STANDARD = {
    "anthropic.messages": (("anthropic-version", "2023-06-01"),),
}
"""Fields that a dialect wants with every request."""


def onward(headers: Headers, *, keep_credentials: bool) -> Headers:
    """A client's fields for an upstream of the same dialect; credentials only where they are to be passed."""
    kept = []
    for field in headers:
        name = field[0].lower()
        if name in _NOT_ON or name.startswith(_BROWSERS):
            continue
        if keep_credentials or name not in CREDENTIALS:
            kept.append(field)
    kept.append(IDENTITY)
    return tuple(kept)


def fresh(dialect: str, *, stream: bool) -> Headers:
    """The fields of a request that was written anew, in another dialect than the client's."""
    accept = "text/event-stream" if stream else "application/json"
    return (
        ("content-type", "application/json"),
        ("accept", accept),
        ("user-agent", f"tokentape/{__version__}"),
        *_STANDARD.get(dialect, ()),
        IDENTITY,
    )


def back(headers: Headers) -> Headers:
    """An upstream's fields for the client, where the body goes on as it is."""
    return tuple(field for field in headers if field[0].lower() not in _NOT_BACK)


_TELLING = ("x-request-id", "request-id", "x-ratelimit-", "anthropic-ratelimit-", "retry-after", "openai-")


def telling(headers: Headers) -> Headers:
    """Those of an upstream's fields that say something whatever the dialect: ids and limits."""
    return tuple(field for field in headers if field[0].lower().startswith(_TELLING))
