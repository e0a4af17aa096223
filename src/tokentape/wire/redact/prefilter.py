"""Is there anything to hide at all? Most bodies hold no secret, and this says so quickly.

The bytes are first folded: capitals become small, `_` becomes `-`, `'` becomes a quote, backslashes
go, and the few letters that keys are told by (I, J, B, Q and z) become one rare mark. Then a handful
of patterns, each starting with one literal (which the `re` module finds fastest), look for
anything that `shapes`, `fields` and `assigned` could hit. A wrong yes only costs time; that there
is no wrong no is tested over every shape and name.
"""

from __future__ import annotations

import re
from enum import Flag, auto

from tokentape.wire.redact.shapes import SHAPES, USERINFO_RE
from tokentape.wire.redact.vocabulary import vocabulary

_MARK = b"\x01"
_TABLE = bytearray(range(256))
for _code in range(65, 91):
    _TABLE[_code] = _code + 32
_TABLE[ord("_")] = ord("-")
_TABLE[ord("'")] = ord('"')
for _code in b"IJBQz":
    _TABLE[_code] = _MARK[0]
_FOLD = bytes(_TABLE)


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


_NAMES = _folded(SUFFIXES)
_ENDINGS = sorted({word[-2:] for word in _NAMES})

_STRING = rb"(?=[\snrt]*+\[?[\snrt]*+\")"
"""The value is a string, or a list of them: a schema's `"key": {...}` has none."""

_LOGPROB = rb"(?:(?<!\"token\":)|(?=\s*\[?\s*\"[^\"\s]{12}))"
"""The bare `token` of a log-probability list has a short value; leave those to themselves."""

_FIELD_RE = re.compile(rb'":' + _behind(_ENDINGS, rb'":') + _behind(_NAMES, rb'":') + _STRING + _LOGPROB)
_SPACED_FIELD_RE = re.compile(rb'" \s*+:')
_BEARER_RE = re.compile(rb"bearer ")
_ASSIGNED_RE = re.compile(rb"=(?:" + _behind(_NAMES, rb"=") + rb"|" + _behind(_NAMES, rb" =") + rb")")


def _edged(literal: bytes, tail: bytes) -> bytes:
    """`literal` ends here and stands at what was a boundary before folding took the backslashes."""
    text = re.escape(literal)
    edges = (rb"(?<![a-z0-9\x01\-]%b)", rb"(?<=[nrtbf]%b)", rb"(?<=[0-9a-f]{4}%b)", rb"(?<=%%[0-9a-f]{2}%b)")
    return b"(?<=" + text + b")(?:" + b"|".join(edge % text for edge in edges) + b")" + re.escape(tail)


def _found_by(mark: bytes) -> list[tuple[bytes, bytes]]:
    """What stands before and after `mark` in the folded literals that are best found by it."""
    literals = sorted({fold(shape.literal) for shape in SHAPES if shape.kind not in _BY_OTHER_MEANS})
    mine = [text for text in literals if (_MARK if _MARK in text else b"-") == mark]
    return [(text.partition(mark)[0], text.partition(mark)[2]) for text in mine]


def _dashed() -> re.Pattern[bytes]:
    """A dash after the head of a literal; or a header field written in running text."""
    heads = _found_by(b"-")
    quick = _behind(sorted({head[-2:] for head, _ in heads}), b"-")
    shapes = b"|".join(_edged(head + b"-", tail) for head, tail in heads)
    return re.compile(b"-(?:" + quick + b"(?:" + shapes + rb")|(?=(?:key|token|secret|cookie)\s{0,2}:[^/]))")


def _marked() -> re.Pattern[bytes]:
    """A marked letter that belongs to a literal, to `Bearer`, `Basic`, `BEGIN` or `Authorization`."""
    heads = _found_by(_MARK)
    quick = b"".join(sorted({tail[:1] for _, tail in heads if tail}))
    words = rb"earer|asic|(?<=-\x01)eg\x01n |(?<=authori\x01)at|(?<=author\x01)zat"
    ended = b"|".join(_edged(head + _MARK, b"") for head, tail in heads if not tail)
    within = b"|".join(_edged(head + _MARK, tail) for head, tail in heads if tail)
    return re.compile(
        rb"\x01(?:" + ended + b"|(?=[" + re.escape(quick) + b"eaz])(?:" + within + b"|" + words + b"))"
    )


_BY_OTHER_MEANS = frozenset({"bearer", "basic", "private_key", "password"})
_MARKED_RE = _marked()
_DASHED_RE = _dashed()


def suspects(data: bytes) -> Suspect:
    """Which finders could find something in `data`."""
    view = fold(data)
    found = Suspect.NOTHING
    if _MARKED_RE.search(view) or _DASHED_RE.search(view) or _BEARER_RE.search(view):
        found |= Suspect.SHAPE | Suspect.ASSIGNED
    elif b"@" in data and USERINFO_RE.search(data):
        found |= Suspect.SHAPE
    if _FIELD_RE.search(view) or _SPACED_FIELD_RE.search(view):
        found |= Suspect.FIELD
    if _ASSIGNED_RE.search(view):
        found |= Suspect.ASSIGNED
    return found
