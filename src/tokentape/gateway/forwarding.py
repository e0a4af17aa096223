"""Which header fields go on, in either direction: everything that is not about one connection, or secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.naming import OURS
from tokentape.gateway.taping import HOP
from tokentape.upstreams.writing import IDENTITY
from tokentape.wire.redact.names import header_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.message import Headers

_NOT_ON = frozenset(
    {*HOP, "host", "content-length", "accept-encoding", "expect", "origin", "referer", "forwarded", "via"}
) | {"cookie", "proxy-authorization"}
_BROWSERS = ("sec-", "x-forwarded-", OURS)

_NOT_BACK = frozenset({*HOP, "content-length", "set-cookie", "alt-svc", "strict-transport-security"})


def _goes_on(name: str) -> bool:
    return name not in _NOT_ON and not name.startswith(_BROWSERS)


def _is_secret(name: str) -> bool:
    """True for a field whose name says that it proves who asks, whatever API it is of."""
    return header_kind(name) in ("credential", "cookie", "session")


def _comes_back(name: str) -> bool:
    return name not in _NOT_BACK and not name.startswith(OURS)


class _Known(dict[str, bool]):
    """Names of fields, and whether they go on: the same few come with every call."""

    def __init__(self, goes: Callable[[str], bool]) -> None:
        self._goes = goes

    def __missing__(self, name: str) -> bool:
        goes = self._goes(name.lower())
        if len(name) <= _LONGEST_NAME:
            if len(self) >= _MOST_NAMES:
                self.clear()
            self[name] = goes
        return goes


_MOST_NAMES, _LONGEST_NAME = 1_024, 64
_bare_on = _Known(lambda name: _goes_on(name) and not _is_secret(name))
_on = _Known(_goes_on)
_back = _Known(_comes_back)
_back_plain = _Known(lambda name: _comes_back(name) and name != "content-encoding")


def onward(headers: Headers, *, keep_credentials: bool) -> Headers:
    """A client's fields for an upstream of the same dialect; credentials only where they are to be passed."""
    goes = _on if keep_credentials else _bare_on
    return (*[field for field in headers if goes[field[0]]], IDENTITY)


def back(headers: Headers, *, decoded: bool = False) -> Headers:
    """An upstream's fields for the client, where the body goes on as it is, or `decoded`."""
    goes = _back_plain if decoded else _back
    return tuple([field for field in headers if goes[field[0]]])


def in_a_field(text: str) -> str:
    """Text that may stand in a header field of ours."""
    if text.isascii() and text.isprintable():
        return text[:_LONGEST]
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)[:_LONGEST]


_LONGEST = 1_000
_TELLING = ("x-request-id", "request-id", "x-ratelimit-", "anthropic-ratelimit-", "retry-after", "openai-")


def telling(headers: Headers) -> Headers:
    """Those of an upstream's fields that say something whatever the dialect: ids and limits."""
    return tuple(field for field in headers if field[0].lower().startswith(_TELLING))
