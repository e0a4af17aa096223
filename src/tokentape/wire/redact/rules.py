"""What a user adds to the rules: more headers, query parameters, JSON fields and patterns."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.wire.redact.jsonpaths import Path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = "r1"
"""Changes whenever the built-in rules hide something else than before."""

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Rules:
    """Checked and compiled. `text` says them all in one line; equal text, equal redaction."""

    headers: re.Pattern[str] = _NEVER
    query: re.Pattern[str] = _NEVER
    fields: frozenset[str] = frozenset()
    paths: tuple[Path, ...] = ()
    patterns: tuple[re.Pattern[bytes], ...] = ()
    text: str = field(default=VERSION)


def compile_rules(
    headers: Iterable[str], query: Iterable[str], json: Iterable[str], patterns: Iterable[str]
) -> Rules:
    """The rules from what the user wrote. Raises UsageError naming what cannot be used."""
    named = {
        "filter_headers": _listed("filter_headers", headers),
        "filter_query": _listed("filter_query", query),
        "filter_json": _listed("filter_json", json),
        "patterns": _listed("patterns", patterns),
    }
    paths = [parse_path(path) for path in named["filter_json"]]
    return Rules(
        _globs(named["filter_headers"]),
        _globs(named["filter_query"]),
        frozenset(path[1].lower() for path in paths if len(path) == 2 and path[0] == "**"),
        tuple(paths),
        tuple(_pattern(pattern) for pattern in named["patterns"]),
        ";".join([VERSION, *(f"{name}={sorted(given)!r}" for name, given in named.items() if given)]),
    )


def _listed(option: str, given: Iterable[str]) -> list[str]:
    items = [given] if isinstance(given, str) else list(given)
    for item in items:
        if not isinstance(item, str) or not item:
            raise UsageError(f"{option}: {item!r} is not a name; give a list of non-empty strings")
    return items


def _globs(names: list[str]) -> re.Pattern[str]:
    """One pattern, any case, for names that may hold * and ?."""
    if not names:
        return _NEVER
    return re.compile("|".join(fnmatch.translate(name) for name in names), re.IGNORECASE)


def _pattern(pattern: str) -> re.Pattern[bytes]:
    try:
        compiled = re.compile(pattern.encode())
    except re.error as error:
        raise UsageError(f"redaction pattern {pattern!r} is no regular expression: {error}") from None
    if compiled.match(b""):
        raise UsageError(f"redaction pattern {pattern!r} matches the empty text; make it match the secret")
    return compiled
