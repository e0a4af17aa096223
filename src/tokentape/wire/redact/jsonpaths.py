"""Where in the bytes of a JSON document do its values stand? For rules such as `user.email`.

Paths: `user.email`, `messages[*].content`, `items[0].id`; a bare name matches at any depth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.wire.redact.hits import NUMBER, Hit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Path = tuple[str, ...]
"""The steps of a path; `*` is any one step, `**` in front any number of them."""

_PATH_RE = re.compile(r"(?:\$\.?)?(?:[^.\[\]]+|\[(?:\*|\d+)\])(?:\.[^.\[\]]+|\[(?:\*|\d+)\])*")
_STEP_RE = re.compile(r"[^.\[\]]+")
_TOKEN_RE = re.compile(rb"[\s]*+([{}\[\],:]|\"(?:[^\"\\]++|\\.)*+\"?|[^\s{}\[\],:\"]++)", re.DOTALL)
_DEEPEST = 64
"""Paths are cut here, or a body of nothing but brackets would cost quadratic time."""

_NUMBER_RE = re.compile(rb"-?[0-9][0-9.eE+\-]*+")


def parse_path(text: str) -> Path:
    """The steps of a path as a user writes it. Raises UsageError if it is none."""
    if not _PATH_RE.fullmatch(text):
        raise UsageError(f'filter_json: {text!r} is no path; write a name, "user.email" or "items[*].id"')
    steps = tuple(_STEP_RE.findall(text.removeprefix("$")))
    return ("**", *steps) if len(steps) == 1 and not text.startswith(("$", "[")) else steps


def find(data: bytes, paths: Sequence[Path]) -> list[Hit]:
    """Strings and numbers in the document `data` at or below one of `paths`."""
    hits: list[Hit] = []
    for path, start, end in leaves(data):
        if not any(_under(path, wanted) for wanted in paths):
            continue
        if data[start : start + 1] == b'"':
            hits.append(Hit(start + 1, max(start + 1, end - 1), "user_rule"))
        elif _NUMBER_RE.fullmatch(data, start, end) and data[start:end] != b"0":
            hits.append(Hit(start, end, NUMBER))
    return hits


def _under(path: Path, wanted: Path) -> bool:
    """True if `path` leads to, or below, what `wanted` names."""
    if wanted[0] == "**":
        return wanted[1].lower() in (step.lower() for step in path)
    if len(path) < len(wanted):
        return False
    return all(want in (step, "*") for want, step in zip(wanted, path, strict=False))


def leaves(data: bytes) -> Iterator[tuple[Path, int, int]]:
    """Every scalar of a JSON document: its path (list indexes as text) and its bytes, quotes included.

    Lenient: what is no JSON gives some spans or none, and never an error.
    """
    stack: list[str | int] = []
    named = False
    for match in _TOKEN_RE.finditer(data):
        token = match[1]
        if token in (b"{", b"["):
            stack.append("" if token == b"{" else 0)
            named = False
        elif token in (b"}", b"]"):
            del stack[-1:]
        elif token == b",":
            _next(stack)
            named = False
        elif token == b":":
            named = True
        elif stack and isinstance(stack[-1], str) and not named:
            stack[-1] = token[1:-1].decode("utf-8", "replace")
        else:
            yield tuple(map(str, stack[:_DEEPEST])), match.start(1), match.end(1)


def _next(stack: list[str | int]) -> None:
    """A comma: the next element of a list, the next field of an object."""
    if stack and isinstance(stack[-1], int):
        stack[-1] += 1


def clip(data: bytes, hits: Sequence[Hit]) -> list[Hit]:
    """`hits` cut down to the strings and numbers of the document, so that it stays JSON."""
    spans = [(start, end) for _, start, end in _scalars(data)]
    kept: list[Hit] = []
    first = 0
    for hit in sorted(hits):
        while first < len(spans) and spans[first][1] <= hit.start:
            first += 1
        at = first
        while at < len(spans) and spans[at][0] < hit.end:
            kept += _within(data, hit, *spans[at])
            at += 1
    return kept


def _within(data: bytes, hit: Hit, start: int, end: int) -> list[Hit]:
    """The part of `hit` inside one scalar."""
    if data[start : start + 1] == b'"':
        return [Hit(max(hit.start, start + 1), min(hit.end, end - 1), hit.kind)]
    is_number = _NUMBER_RE.fullmatch(data, start, end) and data[start:end] != b"0"
    return [Hit(start, end, NUMBER)] if is_number else []


def _scalars(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Every string (field names too) and bare word of a document."""
    for match in _TOKEN_RE.finditer(data):
        if match[1][:1] not in b"{}[],:":
            yield match[1], match.start(1), match.end(1)
