"""What a request names besides what it asks: by header, or by a prefix of its path.

    POST /tape/booking/session/run-7/v1/chat/completions
    X-Tokentape-Cassette: booking

A name is a name and never a path, so nothing a client says leads out of the cassettes' root.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.gateway.call import Naming

if TYPE_CHECKING:
    from tokentape.wire.message import Headers

OURS = "x-tokentape-"
"""How the names of our own header fields begin; none of them goes upstream, or onto a tape."""

OWN: Headers = (("x-tokentape-error", "gateway"),)
"""Marks an error that is the gateway's own and no provider's: it is never a recording."""


def gateways_own(headers: Headers) -> Headers:
    """`OWN` where an upstream marks its error so: it is a cassette, or another gateway."""
    return OWN if any((name.lower(), value) in OWN for name, value in headers) else ()


_HEADERS = {
    "x-tokentape-cassette": "cassette",
    "x-tokentape-tag": "tag",
    "x-tokentape-session": "session",
    "x-tokentape-conversation": "conversation",
    "x-tokentape-class": "kind",
    "x-tokentape-upstream": "upstream",
    "x-tokentape-output": "output",
}
_PREFIXES = {
    "tape": "cassette",
    "tag": "tag",
    "session": "session",
    "conversation": "conversation",
    "to": "upstream",
}
_NAME = re.compile(r"[^\W_][\w.\-]{0,99}")


def split_path(path: str) -> tuple[dict[str, str], str]:
    """What the prefixes of a path name, and the path without them. Raises `UsageError` for a bad name."""
    named: dict[str, str] = {}
    while path.startswith(("/ta", "/se", "/co", "/to")):
        _, prefix, *rest = path.split("/", 3)
        if prefix not in _PREFIXES or not rest:
            break
        named[_PREFIXES[prefix]] = _checked(f"the path prefix /{prefix}/", _plain(rest[0]))
        path = "/" + rest[1] if len(rest) > 1 else "/"
    return named, path


def naming(named: dict[str, str], headers: Headers) -> Naming:
    """All that is named; a header wins over a prefix. Raises `UsageError` for a bad name."""
    found = dict(named)
    for name, value in headers:
        what = _HEADERS.get(name.lower()) if name[:2] in ("x-", "X-") else None
        if what is not None:
            found[what] = _checked(name, value.strip())
    return Naming(**found) if found else _NOTHING


_NOTHING = Naming()


def _plain(segment: str) -> str:
    if "%" not in segment:
        return segment
    from urllib.parse import unquote

    return unquote(segment)


def _checked(where: str, name: str) -> str:
    if _NAME.fullmatch(name) is None or ".." in name:
        raise UsageError(
            f"{where}: {name[:60]!r} is no name; use up to 100 letters, digits, '.', '-' and '_', "
            "beginning with a letter or digit"
        )
    return name
