"""`match_on`: what makes two requests the same call.

    default   the operation (dialect and name), method, query and body; path and host as well where no
              dialect knows the call, path as well where the call names a thing kept at the provider
    strict    default, and scheme, host, port and path always
    exact     method, scheme, host, port, path, query, and the body byte for byte
    prompt    operation, model, system text and messages only
    vcr       method, scheme, host, port, path, query: what vcrpy compares; the body does not count

A list starts from the presets in it; a list of fields without a preset compares just those, a list of
removals (`-model`) starts from `default`. Later entries win over earlier ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.matching.paths import parse_path
from tokentape.matching.patterns import compile_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_URL = ("scheme", "host", "port", "path", "query")

PARTS = ("model", "stream", "system", "messages", "tools")
"""What `body` consists of besides its other fields, in any dialect."""

PRESETS: dict[str, tuple[str, ...]] = {
    "default": ("operation", "method", "query", "body"),
    "strict": ("operation", "method", *_URL, "body"),
    "exact": ("method", *_URL, "raw_body"),
    "prompt": ("operation", "model", "system", "messages"),
    "vcr": ("method", *_URL),
}

FIELDS = ("operation", "method", *_URL, *PARTS, "body", "raw_body")
PREFIXES = ("headers.", "query.", "body.")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class MatchOn:
    """Which parts of a request count.

    `fields`    presets, fields and removals, as described above; `headers.NAME`, `query.NAME` and
                `body.PATH` name single ones
    `ignore`    paths inside the body that do not count, as an explanation prints them:
                `metadata.run_id`, `messages[*].content`, `tools[get_weather].description`, `**.id`
    `volatile`  regular expressions; whatever they find inside a text of the body counts as one token

    Raises `UsageError` where a name, a path or an expression is wrong.
    """

    fields: tuple[str, ...] = ("default",)
    ignore: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.fields:
            _check(name)
        for path in self.ignore:
            parse_path(path)
        compile_patterns(self.volatile)

    @classmethod
    def of(cls, value: str | Sequence[str] | MatchOn | None) -> MatchOn:
        """A `MatchOn` from what people write: "default,-model", a list of names, or None."""
        if isinstance(value, MatchOn):
            return value
        if value is None:
            return cls()
        names = re.split(r"[,\s]+", value.strip()) if isinstance(value, str) else _texts(value)
        return cls(fields=tuple(filter(None, map(_folded, names))) or ("default",))

    @property
    def selection(self) -> Selection:
        """The fields with presets spelled out and removals done."""
        return _select(self.fields)


@dataclass(frozen=True, slots=True)
class Selection:
    """What counts, spelled out. `adapts`: path and host are added where the call is not known by more."""

    chosen: frozenset[str]
    removed: frozenset[str]
    adapts: bool

    @property
    def headers(self) -> tuple[str, ...]:
        """The header names (lower case) that count, sorted."""
        return self.named("headers.")

    def named(self, prefix: str) -> tuple[str, ...]:
        """The names chosen under `prefix`, without it, sorted."""
        return tuple(sorted(n.removeprefix(prefix) for n in self.chosen if n.startswith(prefix)))

    def without(self, prefix: str) -> tuple[str, ...]:
        """The names removed under `prefix`, without it, sorted."""
        return tuple(sorted(n.removeprefix(prefix) for n in self.removed if n.startswith(prefix)))


def _select(names: Iterable[str]) -> Selection:
    names = tuple(names)
    if all(name.startswith("-") for name in names):
        names = ("default", *names)
    chosen: dict[str, None] = {}
    removed: dict[str, None] = {}
    for name in names:
        if name.startswith("-"):
            chosen.pop(name[1:], None)
            removed[name[1:]] = None
        else:
            added = PRESETS.get(name, (name,))
            chosen.update(dict.fromkeys(added))
            removed = {n: None for n in removed if n not in added}
    adapts = any(name in ("default", "prompt") for name in names)
    return Selection(frozenset(chosen), frozenset(removed), adapts)


def _texts(names: Sequence[str]) -> list[str]:
    listed = list(names)
    for name in listed:
        if not isinstance(name, str):
            raise UsageError(f"match_on: {name!r} is not a text; give names such as 'default' or '-model'")
    return listed


def _folded(name: str) -> str:
    """Header names in lower case; everything else as given."""
    head, dot, rest = name.strip().partition(".")
    return f"{head}.{rest.lower()}" if dot and head in ("headers", "-headers") else name.strip()


def _check(name: str) -> None:
    bare = name.removeprefix("-")
    if bare in FIELDS or (bare in PRESETS and bare == name):
        return
    prefix = next((p for p in PREFIXES if bare.startswith(p) and bare != p), "")
    if not prefix:
        raise UsageError(f"match_on: unknown field {name!r}; {_hint(bare)}")
    if prefix == "headers." and (bare != bare.lower() or not _NAME.fullmatch(bare.removeprefix(prefix))):
        raise UsageError(
            f"match_on: {name!r} is not a header name in lower case; write for example 'headers.accept'"
        )
    if prefix == "body.":
        parse_path(bare)


def _hint(name: str) -> str:
    import difflib

    known = [*PRESETS, *FIELDS]
    if name in PRESETS:
        return f"a preset cannot be removed; leave {name!r} out instead"
    if name in ("header", "headers") or name.startswith("header."):
        return "name one header, as in 'headers.anthropic-beta'"
    close = difflib.get_close_matches(name, known, 3, 0.5)
    guess = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{guess}known are {', '.join(known)}, headers.NAME, query.NAME, body.PATH; -FIELD leaves one out"
