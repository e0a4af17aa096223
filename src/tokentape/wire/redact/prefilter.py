"""Is there anything to hide at all? Most bodies hold no secret, and this says so quickly.

The bytes are first folded: capitals become small, `_` becomes `-`, `'` becomes a quote, white space
becomes a space, backslashes go, and the few letters that keys are told by (I, J, B, Q and z) become one
rare mark. Then a handful of patterns, each starting with one literal (which the `re` module finds
fastest), look for anything that `shapes`, `fields` and `assigned` could hit. A wrong yes only costs
time; that there is no wrong no is tested over every shape and name.
"""

from __future__ import annotations

import re
from enum import Flag, auto

from tokentape.wire.redact.shapes import SHAPES, USERINFO
from tokentape.wire.redact.vocabulary import vocabulary

_MARK = b"\x01"
_TABLE = bytearray(range(256))
for _code in range(65, 91):
    _TABLE[_code] = _code + 32
_TABLE[ord("_")] = ord("-")
_TABLE[ord("'")] = ord('"')
for _code in b"\t\n\v\f\r":
    _TABLE[_code] = ord(" ")
for _code in b"IJBQz":
    _TABLE[_code] = _MARK[0]
_FOLD = bytes(_TABLE)


_BY_OTHER_MEANS = frozenset({"bearer", "basic", "private_key", "password"})
"""Kinds whose literal is no good for `_found_by`; each has a pattern of its own."""


class Suspect(Flag):
    """Which finders have to look."""

    NOTHING = 0
    SHAPE = auto()
    FIELD = auto()
    ASSIGNED = auto()


def fold(data: bytes) -> bytes:
    """The folded copy. Offsets in it mean nothing."""
    return data.translate(_FOLD, b"\\")


SUFFIXES = vocabulary(
    "key keys token secret secrets password passwd passphrase userpass pwd credential credentials signature"
    " sig auth authorization cookie cookies bearer jwt keyid key-id"
)
"""How every name ends that `names.field_grade` takes for a credential."""


def _folded(words: frozenset[str]) -> list[bytes]:
    """Every word as it looks folded, written small, with a capital, or in capitals."""
    forms = (form.encode() for word in words for form in (word, word.title(), word.upper()))
    return sorted({form.translate(_FOLD) for form in forms})


def _behind(words: list[bytes], tail: bytes) -> bytes:
    """A pattern: one of `words` and then `tail` end here. A look-behind needs one width."""
    widths: dict[int, list[bytes]] = {}
    for word in words:
        widths.setdefault(len(word), []).append(re.escape(word))
    groups = [b"(?<=(?:" + b"|".join(group) + b")" + tail + b")" for _, group in sorted(widths.items())]
    return b"(?:" + b"|".join(groups) + b")"


def _endings(words: list[bytes], tail: bytes) -> bytes:
    """A quick first look, before `_behind`: the last two letters alone."""
    return _behind(sorted({word[-2:] for word in words}), tail)


_NAMES = _folded(SUFFIXES)

_STRING = rb"(?=[\snrt]*+\[?[\snrt]*+\")"
"""The value is a string, or a list of them: a schema's `"key": {...}` has none."""

_LOGPROB = rb"(?:(?<!\"token\":)|(?=\s*\[?\s*\"[^\"\s]{12}))"
"""The bare `token` of a log-probability list has a short value; leave those to themselves."""

_FIELD_RE = re.compile(rb'":' + _endings(_NAMES, rb'":') + _behind(_NAMES, rb'":') + _STRING + _LOGPROB)
_SPACED_FIELD_RE = re.compile(rb'" ' + _endings(_NAMES, rb'" ') + _behind(_NAMES, rb'" ') + rb"\s*+:")
_BEARER_RE = re.compile(rb"bearer ")
_ASSIGNED_RE = re.compile(rb"=(?:" + _behind(_NAMES, rb"=") + rb"|" + _behind(_NAMES, rb" =") + rb")")


def _edged(width: int) -> bytes:
    """The `width` bytes before here start at what was a boundary before folding took the backslashes."""
    edges = (rb"(?<![a-z0-9\x01\-]%b)", rb"(?<=[nrtbf]%b)", rb"(?<=[0-9a-f]{4}%b)", rb"(?<=%%[0-9a-f]{2}%b)")
    return b"(?:" + b"|".join(edge % (b"[\\x00-\\xff]{%d}" % width) for edge in edges) + b")"


def _literals(mark: bytes) -> list[tuple[bytes, bytes]]:
    """What stands before and after `mark` in the folded literals that are best found by it."""
    folded = sorted({fold(shape.literal) for shape in SHAPES if shape.kind not in _BY_OTHER_MEANS})
    mine = [text for text in folded if mark == (_MARK if _MARK in text else b"-")]
    return [(text.partition(mark)[0], text.partition(mark)[2]) for text in mine]


def _found_by(mark: bytes) -> bytes:
    """After `mark`: it belongs to one of its literals."""
    groups: dict[tuple[int, bytes], list[bytes]] = {}
    for head, tail in _literals(mark):
        groups.setdefault((len(head) + 1, tail), []).append(re.escape(head))
    return b"|".join(
        b"(?<=(?:" + b"|".join(heads) + b")" + mark + b")" + _edged(width) + re.escape(tail)
        for (width, tail), heads in sorted(groups.items())
    )


_DASHED_RE = re.compile(
    b"-(?:"
    + _endings([head for head, _ in _literals(b"-")], b"-")
    + b"(?:"
    + _found_by(b"-")
    + rb")|(?=(?:key|token|secret|cookie)\s{0,2}:[^/]))"
)
"""A dash after the head of a literal; or a header field written in running text."""

_QUICK = b"".join(sorted({re.escape(tail[:1]) for _, tail in _literals(_MARK) if tail}))
_MARKED_RE = re.compile(
    rb"\x01(?:(?<=y\x01)|(?=[eaz"
    + _QUICK
    + b"]))(?:"
    + _found_by(_MARK)
    + rb"|earer|asic|(?<=-\x01)eg\x01n |(?<=authori\x01)at|(?<=author\x01)zat)"
)
"""A marked letter that belongs to a literal, to `Bearer`, `Basic`, `BEGIN` or `Authorization`."""


def suspects(data: bytes) -> Suspect:
    """Which finders could find something in `data`."""
    view = fold(data)
    found = Suspect.NOTHING
    if _shaped(view):
        found |= Suspect.SHAPE | Suspect.ASSIGNED
    elif b"@" in data and b"://" in data and re.search(USERINFO, data):
        found |= Suspect.SHAPE
    if _named(view):
        found |= Suspect.FIELD
    if b"=" in view and _ASSIGNED_RE.search(view):
        found |= Suspect.ASSIGNED
    return found


def suspects_fields(data: bytes) -> bool:
    """True if `suspects` has `FIELD` among them, for less than all of them."""
    return b":" in data and _named(fold(data))


# A single letter is looked for many times faster than a pattern that starts with it: where it does not
# occur in 50 MB, that is all it takes.


def _shaped(view: bytes) -> bool:
    if _MARK in view and _MARKED_RE.search(view):
        return True
    if b"-" in view and _DASHED_RE.search(view):
        return True
    return _BEARER_RE.search(view) is not None


def _named(view: bytes) -> bool:
    if b":" not in view or b'"' not in view:
        return False
    return _FIELD_RE.search(view) is not None or _SPACED_FIELD_RE.search(view) is not None
