"""The JSON in a reply: the whole text, in a Markdown fence, or somewhere in prose."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from tokentape.evaluation.comparing.plain import blocks, unfenced
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_START = re.compile(r"[{\[]")
_DECODER = json.JSONDecoder()

_EFFORT = 4_000_000
"""Characters that are read in search of JSON in prose; each failed try reads some of them again."""
_LEAST, _BEFORE = 512, 64
"""A failed try counts for so many characters at least; to tell its line, Python goes through the text before
it, so much faster than it reads."""
_BLOCKS = 100
"""Fenced blocks that are tried."""


class FoundJson(NamedTuple):
    """A value; `in_prose` if there is other text around it, outside of a fence."""

    value: Json
    in_prose: bool = False


def found_json(text: str) -> FoundJson | None:
    """The whole text, without a fence around it; else the first fenced block that is an object or array; else
    the longest of those in the text, of one length the first.
    """
    try:
        return FoundJson(parse(unfenced(text)))
    except JsonError:
        return _in_blocks(text) or _in_prose(text)


def _in_blocks(text: str) -> FoundJson | None:
    for block in islice(blocks(text), _BLOCKS):
        with suppress(JsonError):
            value = parse(block.inside)
            if isinstance(value, dict | list):
                return FoundJson(value)
    return None


def _in_prose(text: str) -> FoundJson | None:
    best: FoundJson | None = None
    length = at = spent = 0
    while spent < _EFFORT and (start := _START.search(text, at)) is not None:
        at = start.start()
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            spent += max(_LEAST, _read(error, text, at), at // _BEFORE)
            at += 1
            continue
        if end - at > length and not _is_mark(value):
            best, length = FoundJson(value, in_prose=True), end - at
        spent += end - at
        at = end
    return best


def _is_mark(value: Json) -> bool:
    """True for what prose has in brackets without being JSON: `[1]`, `[2, 3]`, `[]`, `{}`."""
    if isinstance(value, list):
        return all(isinstance(entry, int | float) for entry in value)
    return not value


def _read(error: ValueError | RecursionError, text: str, start: int) -> int:
    """About how many characters a try read before it failed. One that failed in a text or in the depth does
    not tell, and may have read them all.
    """
    if not isinstance(error, json.JSONDecodeError) or error.msg.startswith("Unterminated string"):
        return len(text) - start
    return error.pos - start
