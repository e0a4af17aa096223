"""Shapes of keys: what betrays itself by its own look, wherever it stands.

Every shape is found by a literal (a fast byte search) and then confirmed on the spot by a pattern,
so a text without the literal costs nothing and no pattern ever runs over a whole body. Shapes start
at a boundary; in base64 and in encrypted reasoning there is none, so they cannot hit inside it.
All patterns are possessive: hostile input costs linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.wire.redact import values
from tokentape.wire.redact.hits import Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EDGE = rb"(?:(?<![A-Za-z0-9_\-])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9A-Fa-f]{2}))"
"""A boundary: no letter, digit, - or _ before, except the last letter of an escape."""

_BARE_EDGE = rb"(?:(?<![A-Za-z0-9_\-+/])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9A-Fa-f]{2}))"
"""For shapes of letters and digits alone, which base64 could contain: + and / are no boundary."""

_AWS_SECRET_RE = re.compile(rb"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_NEAR = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """`literal` starts `back` bytes after the start of `pattern`, whose group 1 is the secret."""

    kind: str
    literal: bytes
    pattern: bytes
    check: Callable[[bytes], bool] | None = None
    back: int = 0

    def find(self, data: bytes) -> Iterator[Hit]:
        """Every place in `data` that has this shape."""
        word = re.compile(re.escape(self.literal))  # found faster than by `bytes.find`
        found = word.search(data)
        if found is None:
            return
        pattern = re.compile(self.pattern)  # compiled when first needed: there are many
        while found is not None:
            match = pattern.match(data, max(0, found.start() - self.back))
            after = found.end()
            if match is not None:
                after = max(after, match.end())
                if self.check is None or self.check(match[1]):
                    yield Hit(*match.span(1), self.kind)
            found = word.search(data, after)


def _key(kind: str, prefix: str, rest: str, *, bare: bool = False, words: bool = False) -> Shape:
    """A key that starts with `prefix`. `words`: the rest could be words, so look closer."""
    pattern = (_BARE_EDGE if bare else _EDGE) + b"(" + re.escape(prefix.encode()) + rest.encode() + b")"
    return Shape(kind, prefix.encode(), pattern, values.unlike_words if words else None)


_PEM = (
    rb"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:[A-Za-z0-9+/=\s\\,:.()]|-(?!-))*+"
    rb"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?)"
)
_BLANK = rb"(?:[ \t]|%20|\+|\\t){1,4}+"

USERINFO = rb"://[^\s/?#\"'<>@\\:\[\]{}]{0,64}:([^\s/?#\"'<>@\\]{1,256})@"
"""`://user:password@host` in any text."""

SHAPES: tuple[Shape, ...] = (
    _key("api_key", "sk-", r"(?:proj|ant|or|svcacct|admin|None)-[A-Za-z0-9_\-*]{8,}+", words=True),
    _key("api_key", "sk-", r"[A-Za-z0-9_\-*]{16,}+", words=True),
    _key("api_key", "sk_", r"[A-Za-z0-9_]{20,}+", words=True),
    _key("api_key", "rk_", r"(?:live|test)_[A-Za-z0-9]{10,}+"),
    _key("api_key", "AIza", r"[A-Za-z0-9_\-]{20,}+", bare=True),
    _key("api_key", "AQ.Ab", r"[A-Za-z0-9_\-]{20,}+"),
    _key("api_key", "gsk_", r"[A-Za-z0-9*]{16,}+"),
    _key("api_key", "hf_", r"[A-Za-z0-9*]{16,}+"),
    _key("api_key", "xai-", r"[A-Za-z0-9*]{16,}+", words=True),
    _key("api_key", "r8_", r"[A-Za-z0-9]{16,}+"),
    _key("api_key", "pplx-", r"[A-Za-z0-9]{16,}+"),
    _key("api_key", "csk-", r"[A-Za-z0-9]{16,}+"),
    _key("api_key", "tgp_v1_", r"[A-Za-z0-9_\-]{16,}+"),
    _key("api_key", "nvapi-", r"[A-Za-z0-9_\-]{16,}+"),
    _key("api_key", "fw_", r"[A-Za-z0-9]{20,}+"),
    _key("api_key", "pcsk_", r"[A-Za-z0-9_]{20,}+"),
    _key("api_key", "jina_", r"[A-Za-z0-9]{20,}+"),
    _key("api_key", "tvly-", r"[A-Za-z0-9\-]{20,}+", words=True),
    _key("api_key", "lsv2_", r"(?:pt|sk)_[A-Za-z0-9_]{20,}+"),
    _key("api_key", "ek_", r"[A-Za-z0-9]{20,}+"),
    _key("api_key", "pa-", r"[A-Za-z0-9_\-]{40,}+", words=True),
    _key("aws_key_id", "AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _key("aws_key_id", "ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _key("aws_key", "ABSK", r"[A-Za-z0-9+/]{40,}+={0,2}", bare=True),
    _key("aws_key", "bedrock-api-key-", r"[A-Za-z0-9+/]{20,}+={0,2}"),
    _key("access_token", "ghp_", r"[A-Za-z0-9]{16,}+"),
    _key("access_token", "gho_", r"[A-Za-z0-9]{16,}+"),
    _key("access_token", "ghu_", r"[A-Za-z0-9]{16,}+"),
    _key("access_token", "ghs_", r"[A-Za-z0-9]{16,}+"),
    _key("access_token", "ghr_", r"[A-Za-z0-9]{16,}+"),
    _key("access_token", "github_pat_", r"[A-Za-z0-9_]{16,}+"),
    _key("access_token", "glpat-", r"[A-Za-z0-9_\-]{16,}+"),
    *(_key("access_token", f"xox{kind}-", r"[A-Za-z0-9\-]{10,}+") for kind in "abeoprs"),
    _key("access_token", "npm_", r"[A-Za-z0-9]{30,}+"),
    _key("jwt", "eyJ", r"[A-Za-z0-9_\-]{8,}+\.[A-Za-z0-9_\-]{8,}+\.[A-Za-z0-9_\-]*+"),
    Shape(
        "bearer",
        b"earer",
        rb"[Bb]earer" + _BLANK + rb"([A-Za-z0-9._~+/=\-%]{8,}+)",
        values.is_bearer,
        1,
    ),
    Shape("basic", b"Basic", rb"Basic" + _BLANK + rb"([A-Za-z0-9+/]{8,}+={0,2})", values.is_basic),
    Shape("private_key", b"-----BEGIN ", _PEM),
    Shape("password", b"://", USERINFO),
)

LOUD = tuple(
    shape
    for shape in SHAPES
    if shape.literal in {b"github_pat_", b"-----BEGIN "} or b"proj|ant" in shape.pattern
)
"""Shapes with a literal long enough to look for in megabytes of image or audio."""


_SIGNS = b"-_.:"
"""A letter is looked for many times faster than a word: base64, say, has none of these."""


def find(data: bytes, shapes: tuple[Shape, ...] = SHAPES) -> list[Hit]:
    """Every key in `data` that shows by its shape, in no order; hits may overlap."""
    absent = {code for code in _SIGNS if code not in data}
    likely = [shape for shape in shapes if absent.isdisjoint(shape.literal)]
    hits = [hit for shape in likely for hit in shape.find(data)]
    return hits + [hit for key_id in hits if key_id.kind == "aws_key_id" for hit in _beside(data, key_id)]


def _beside(data: bytes, key_id: Hit) -> list[Hit]:
    """An AWS secret has no shape of its own, but it is written beside its key id."""
    first = max(0, key_id.start - _AWS_NEAR)
    return [
        Hit(*match.span(), "aws_secret")
        for match in _AWS_SECRET_RE.finditer(data, first, key_id.end + _AWS_NEAR)
        if values.is_aws_secret(match[0])
    ]
