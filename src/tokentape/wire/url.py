"""The parts of a URL that decisions need, read without normalising anything."""

from __future__ import annotations

import re
from functools import lru_cache

_END = re.compile(r"[/?#\\]")


def host_of(url: str) -> str:
    """The host, lower case, without userinfo, port and trailing dot; "" where there is none.

    The authority ends at the first `/`, `?` or `#` (RFC 3986, section 3.2); userinfo at its last `@`.
    """
    authority = authority_of(url).rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")


def authority_of(url: str) -> str:
    """Everything between `//` and the path, as it stands."""
    rest = url.partition("://")[2]
    end = _END.search(rest)
    return rest if end is None else rest[: end.start()]


def split_query(url: str) -> tuple[str, str]:
    """The URL before the query, and the query without its `?` and without a fragment."""
    bare = url.partition("#")[0]
    base, _, query = bare.partition("?")
    return base, query


def path_of(url: str) -> str:
    """The path as it went over the wire; "/" where it is empty."""
    return path_and_query(url)[0]


def path_and_query(url: str) -> tuple[str, str]:
    """`path_of`, and the query."""
    base, query = split_query(url)
    return _path(base) if "@" in base or len(base) > _LONGEST else _known_path(base), query


_LONGEST = 256


def _path(base: str) -> str:
    mark = base.find("://")
    if mark < 0:
        return base or "/"
    end = _END.search(base, mark + 3)
    return "/" if end is None else base[end.start() :]


_known_path = lru_cache(maxsize=512)(_path)
"""A program asks the same few addresses again and again. No query is kept and no userinfo, which may hold a
key, and nothing that is long.
"""
