"""JSON as text: reading that cannot crash, writing that can be compared with what was read.

Python's reader is kind: it takes NaN, makes 1e400 infinite, keeps the last of two equal keys and
forgets how a number was spelt. Whoever shows JSON instead of bytes asks `style_of` whether the bytes
come back; whoever translates it asks `is_lossless` whether the value is all there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


class JsonError(ValueError):
    """The bytes are not JSON that Python can hold: syntax, encoding, depth, or a number's length."""


class _Lossy(ValueError):
    """Raised out of the reader where a value would not be kept."""


@dataclass(frozen=True, slots=True)
class Style:
    """How JSON is spaced: separators, indent (None: one line), whether non-ASCII is escaped."""

    comma: str
    colon: str
    indent: int | str | None = None
    ascii: bool = False


_INDENTS: tuple[int | str, ...] = (2, 4, "\t")
_SPACINGS = (Style(",", ":"), Style(", ", ": "), *(Style(",", ": ", indent) for indent in _INDENTS))
STYLES = tuple(replace(style, ascii=escaped) for style in _SPACINGS for escaped in (False, True))
"""What real servers and SDKs write: compact, spaced, indented by 2, 4 or a tab; each with or without \\u."""
COMPACT = STYLES[0]


def parse(data: bytes | str) -> Json:
    """The value, by the rules of the standard library: UTF-8, 16 or 32; NaN and infinities allowed.

    Raises JsonError, and nothing else.
    """
    try:
        value: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"not JSON: {error}") from error
    return value


def is_json(data: bytes | str) -> bool:
    """True if `data` is one JSON value."""
    try:
        parse(data)
    except JsonError:
        return False
    return True


def dump(value: Json, style: Style = COMPACT) -> bytes:
    """The value as UTF-8. Lone surrogates are written as the three bytes each that `parse` reads back.

    Raises JsonError for what is nested deeper than Python can walk.
    """
    try:
        text = json.dumps(
            value,
            ensure_ascii=style.ascii,
            indent=style.indent,
            separators=(style.comma, style.colon),
        )
    except (RecursionError, ValueError) as error:
        raise JsonError(f"cannot be written as JSON: {error}") from error
    return text.encode("utf-8", "surrogatepass")


def style_of(data: bytes, value: Json) -> Style | None:
    """The style in which `value`, read from `data`, is written as exactly these bytes; None if in none.

    None also tells of equal keys, numbers out of range or spelt otherwise, and unusual escapes.
    """
    try:
        return next((style for style in _likely(data) if dump(value, style) == data), None)
    except JsonError:
        return None


def _likely(data: bytes) -> list[Style]:
    """The styles worth trying: indented ones where the first bracket ends its line."""
    indented = data[1:2] == b"\n"
    return [style for style in STYLES if (style.indent is not None) == indented]


def is_lossless(data: bytes | str) -> bool:
    """True if reading `data` keeps every key and the exact value of every number.

    False for equal keys in one object, 1e400, NaN, and decimals that a float rounds to another
    number. Raises JsonError if it is not JSON.
    """
    try:
        json.loads(data, object_pairs_hook=_pairs, parse_float=_float, parse_constant=_constant)
    except _Lossy:
        return False
    except (ValueError, RecursionError) as error:
        raise JsonError(f"not JSON: {error}") from error
    return True


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Lossy("equal keys")
    return found


def _float(text: str) -> float:
    """A float keeps a number if its shortest spelling has the same value: 0.1 does, 1e400 does not."""
    from decimal import Decimal, InvalidOperation

    value = float(text)
    try:
        kept = Decimal(repr(value)) == Decimal(text)
    except InvalidOperation:
        kept = False
    if not kept:
        raise _Lossy(text)
    return value


def _constant(name: str) -> float:
    raise _Lossy(name)
