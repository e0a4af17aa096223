"""What a reply says, as plain text: what is compared where no comparator knows better.

Presentation is left out: a Markdown fence around the whole, spacing, case. What is said without words counts,
too: calls of tools, with their arguments in one spelling, and media by their bytes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from tokentape.matching.canonical import encode
from tokentape.matching.diff import LEAD, first_difference, shown
from tokentape.protocols.canonical.items import Message, ToolCall
from tokentape.protocols.canonical.parts import Audio, Data, Refusal, Text
from tokentape.protocols.canonical.semantic import part_said
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

_FENCE = re.compile(r"^[ \t]{0,8}+(`{3,}+|~{3,}+)([^\n`]*+)$", re.MULTILINE)
"""A line that opens or closes a fence."""

_WORDLESS = "\ufdd0"
"""Begins what is said without words. Unicode keeps this sign out of texts, and `spoken` does, too, so that no
text reads like a call; letters would not do, since texts hold any."""

_WIDTH = 160
"""Characters of a text around the place where it parts from another."""


class Block(NamedTuple):
    """A fenced block: what is in it, and where it starts and ends in the text."""

    inside: str
    start: int
    end: int


def text_of(reply: Reply) -> str:
    """The visible text of the first choice, messages on lines of their own."""
    messages = [item for item in reply.items if isinstance(item, Message)]
    said = ("".join(map(_visible, message.parts)) for message in messages)
    return "\n".join(text for text in said if text)


def _visible(part: Part) -> str:
    match part:
        case Text() | Refusal():
            return part.text
        case Audio():
            return part.transcript or ""
        case Data():
            return part.value if isinstance(part.value, str) else one_spelling(part.value)
        case _:
            return ""


def calls_of(reply: Reply) -> tuple[ToolCall, ...]:
    """The calls of the caller's tools in the first choice."""
    return tuple(item for item in reply.items if isinstance(item, ToolCall))


def spoken(reply: Reply, text: str) -> str:
    """`text` without the fence around it, and a line for each call, picture and the like."""
    lines = (unfenced(text), *_wordless(reply))
    return f"\n{_WORDLESS}".join(line.replace(_WORDLESS, "\ufffd") for line in lines)


def _wordless(reply: Reply) -> Iterator[str]:
    for item in reply.items:
        if isinstance(item, ToolCall):
            yield f"call {item.name}({one_spelling(arguments_of(item))})"
        elif isinstance(item, Message):
            for part in item.parts:
                if not isinstance(part, Text | Refusal | Data) and not _visible(part):
                    yield one_spelling(part_said(part))


def arguments_of(call: ToolCall) -> Json:
    """The arguments as JSON: none are an empty object, and what is no JSON is its text."""
    if call.kind != "function":
        return call.arguments
    try:
        return parse(call.arguments) if call.arguments.strip() else {}
    except JsonError:
        return call.arguments


def one_spelling(value: Json) -> str:
    """The same text for equal JSON; what is nested too deep for that is all the same."""
    try:
        return encode(value)
    except RecursionError:
        return "(nested too deep)"


def unfenced(text: str) -> str:
    """The inside of a Markdown fence around the whole text, closed or not; else the text."""
    block = next(blocks(text), None)
    if block is None or text[: block.start].strip() or text[block.end :].strip():
        return text
    return block.inside


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks, in order; one that is not closed goes on to the end."""
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text) if "```" in text or "~~~" in text else ():
        if opening is None:
            opening = line
        elif line[1].startswith(opening[1]) and not line[2].strip():
            yield Block(text[opening.end() + 1 : line.start()].rstrip("\r\n"), opening.start(), line.end())
            opening = None
    if opening is not None:
        inside = text[opening.end() + 1 :].rstrip()
        yield Block(inside.removesuffix(opening[1]).rstrip("\r\n"), opening.start(), len(text))


def folded(text: str) -> str:
    """The text without what a reader does not see: one space for any white space, one case, one way to
    write a letter with its accent.
    """
    return unicodedata.normalize("NFC", " ".join(text.split()).casefold())


def in_short(value: Json) -> str:
    """A value in one line, cut."""
    try:
        return shown(value)
    except RecursionError:
        return "(nested too deep)"


def one_line(text: str, most: int) -> str:
    """A text in one line, without signs that control, cut."""
    line = " ".join(text[: 8 * most].split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line[: most + 1])
    return line if len(line) <= most else f"{line[: most - 3]}..."


def parted(before: str, after: str) -> tuple[str, str]:
    """Two texts around the place where they part, cut."""
    start = max(0, first_difference(before, after) - LEAD)
    return _window(before, start), _window(after, start)


def _window(text: str, start: int) -> str:
    end = start + _WIDTH
    shown = text[start:end].replace(_WORDLESS, "")
    return f"{'...' if start else ''}{shown}{'...' if len(text) > end else ''}"
