"""Pieces and events: what the makers of streams share."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.wire.jsontext import COMPACT, Style, dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

_WORD = re.compile(r"\s*\S{1,64}\s?|\s+")
_FRAGMENT = re.compile(r"\w{1,64}|\W{1,8}")

DONE = b"data: [DONE]\n\n"
"""The end of a stream of OpenAI's older APIs and their kin."""


def pieces(text: str) -> Iterator[str]:
    """The text cut as token streams look, about a word each; joined they are the text."""
    return (found[0] for found in _WORD.finditer(text))


def fragments(text: str) -> Iterator[str]:
    """JSON text cut as tool arguments stream; joined they are the text."""
    return (found[0] for found in _FRAGMENT.finditer(text))


def sse(value: Json, name: str = "") -> bytes:
    """One server-sent event with JSON data."""
    head = b"event: " + name.encode() + b"\n" if name else b""
    return head + b"data: " + dumped(value) + b"\n\n"


def dumped(value: Json, style: Style = COMPACT) -> bytes:
    """JSON that is valid UTF-8: lone surrogates, which only escapes can hold, make all of it ASCII."""
    data = dump(value, style)
    try:
        data.decode()
    except UnicodeDecodeError:
        return dump(value, replace(style, ascii=True))
    return data
