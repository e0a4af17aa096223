"""The ways in which programs spell JSON, so that a parsed value can be written back byte for byte."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

_SEPARATORS = {
    "compact": (None, ",", ":"),
    "spaced": (None, ", ", ": "),
    "colon-spaced": (None, ",", ": "),
    "comma-spaced": (None, ", ", ":"),
    "indent1": (" ", ",", ": "),
    "indent2": ("  ", ",", ": "),
    "indent3": ("   ", ",", ": "),
    "indent4": ("    ", ",", ": "),
    "tab": ("\t", ",", ": "),
}
NAMES = frozenset(_SEPARATORS)
ONE_LINE = frozenset({"compact", "spaced", "colon-spaced", "comma-spaced"})
DEEPEST = 100
"""Levels of nesting that are shown as JSON: far below the parser's own limit on any stack."""

_INDENT = re.compile(r"[\[{]\n([ \t]+)")
_COLON = re.compile(r'"\s*:( ?)')
_SPELLING = re.compile(r"\\u[0-9a-fA-F]{4}|\\/")
_MOST_ESCAPES = 16


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


decode = json.JSONDecoder(parse_constant=_refuse).decode
"""A JSON text's value, exact: whole numbers of any size, and ValueError for NaN and Infinity."""


def read(text: str) -> Json:
    """The value of a JSON text. ValueError: not JSON, NaN or Infinity, or nested too deep to keep."""
    try:
        value = cast("Json", decode(text))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if text.count("[") + text.count("{") > DEEPEST and not _shallow(value, DEEPEST):
        raise ValueError("nested too deep")
    return value


def _shallow(value: Json, left: int) -> bool:
    if isinstance(value, dict):
        return left > 0 and all(_shallow(item, left - 1) for item in value.values())
    if isinstance(value, list):
        return left > 0 and all(_shallow(item, left - 1) for item in value)
    return True


@lru_cache(maxsize=64)
def encoder(name: str, ascii_only: bool) -> Callable[[object], str]:
    """The encoder of one style. It raises ValueError for NaN and the infinities."""
    indent, item, key = _SEPARATORS[name]
    made = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, indent=indent, separators=(item, key))
    return made.encode


@lru_cache(maxsize=64)
def quick_encoder(name: str) -> Callable[[object], str]:
    """`encoder(name, False)` for values that hold no NaN, without its cost per call."""
    indent, item, key = _SEPARATORS[name]
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None or indent is not None:
        return encoder(name, False)
    write = make(None, _refuse, json.encoder.encode_basestring, None, key, item, False, False, False)
    return lambda value: "".join(write(value, 0))


@dataclass(frozen=True, slots=True)
class Style:
    """One spelling: separators and indent by `name`, `ascii` for \\uXXXX instead of letters.

    `escapes` are further spellings that the writer used for characters which JSON lets stand
    (`\\u003c`, `\\/`): Go, Google's servers and PHP do.
    """

    name: str = "compact"
    ascii: bool = False
    escapes: tuple[str, ...] = ()

    def text(self, value: Json) -> str:
        """`value` in this spelling. ValueError if it holds NaN or an infinity."""
        text = encoder(self.name, self.ascii)(value)
        for spelling in self.escapes:
            text = text.replace(_meant(spelling), spelling)
        return text

    def fields(self) -> dict[str, Json]:
        """What the body's form says about it; defaults are left out, the name never is."""
        fields: dict[str, Json] = {"style": self.name}
        if self.ascii:
            fields["ascii"] = True
        if self.escapes:
            fields["escapes"] = list(self.escapes)
        return fields


PLAIN = Style()


def _meant(spelling: str) -> str:
    return "/" if spelling == "\\/" else chr(int(spelling[2:], 16))


def _loose(spelling: str, ascii_only: bool) -> bool:
    """True if the spelled character never stands outside strings and JSON does not force its escape."""
    character = _meant(spelling)
    if character >= "\x7f":
        return not ascii_only
    return character in "<>&'=/`~!#$%();?@^_|*"


def _escapes(text: str, ascii_only: bool) -> tuple[str, ...]:
    found = {spelling for spelling in _SPELLING.findall(text) if _loose(spelling, ascii_only)}
    if len({_meant(spelling) for spelling in found}) < len(found) or len(found) > _MOST_ESCAPES:
        return ()
    return tuple(sorted(found))


def _names(text: str) -> tuple[str, ...]:
    indent = _INDENT.match(text)
    if indent:
        name = "tab" if indent[1] == "\t" else f"indent{len(indent[1])}"
        return (name,) if name in NAMES else ("indent2",)
    colon = _COLON.search(text)
    if colon is None:
        return ("compact", "spaced")
    return ("spaced", "colon-spaced") if colon[1] else ("compact", "comma-spaced")


def guesses(text: str) -> list[Style]:
    """The styles worth trying for this JSON text (or a stream of them), likeliest first."""
    ascii_only = text.isascii() and _spells_letters(text)
    escapes = _escapes(text, ascii_only) if "\\" in text else ()
    return [Style(name, ascii_only, escapes) for name in _names(text)]


def _spells_letters(text: str) -> bool:
    return "\\u" in text and any(s != "\\/" and _meant(s) > "\x7f" for s in _SPELLING.findall(text))


def style_of(form: dict[str, Json]) -> Style:
    """The style a form names. ValueError for one that this version does not know."""
    name, ascii_only, escapes = (
        form.get("style", "compact"),
        form.get("ascii", False),
        form.get("escapes", []),
    )
    if not isinstance(name, str) or name not in NAMES:
        raise ValueError(f"style {name!r} is not one of {', '.join(sorted(NAMES))}")
    if not isinstance(ascii_only, bool):
        raise ValueError("ascii is not true or false")
    if not isinstance(escapes, list):
        raise ValueError("escapes is not a list")
    return Style(name, ascii_only, tuple(_known(spelling) for spelling in escapes))


def _known(spelling: Json) -> str:
    if isinstance(spelling, str) and _SPELLING.fullmatch(spelling) and _loose(spelling, False):
        return spelling
    raise ValueError(f"escapes: {spelling!r} is not an escape like \\u003c")
