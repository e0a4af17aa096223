"""The bytes of an event stream, read off the lines of its block without parsing them.

Payloads stand in the file in the stream's own spelling, so a line that nobody edited holds the very
text of the wire, unless it has an escape (which may be the file's own) or letters that the wire
spelled as escapes. Such lines, raw texts and uncommon patches are parsed one by one.
This is for replies that nobody edited (`checks`); `sseform.restore_sse` is the rule that it must agree with.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from tokentape.cassettes.format.checks import RESPONSE, is_reply_unedited
from tokentape.cassettes.format.payloads import payload_texts, restore_raw, split_entry
from tokentape.cassettes.format.sseform import Framing, framing_of
from tokentape.cassettes.format.styles import ONE_LINE, style_of

if TYPE_CHECKING:
    from tokentape.cassettes.format.styles import Style
    from tokentape.wire.interaction import Json

_START = ',\n  "body": {"sse": ['
_EVENT = "\n    "
_END = "\n  ]"
_LINE = re.compile(r'\[(?:"([^"\\]*)", )?(\{.*\})(?:, \[\[-1, "( *)"\]\])?\]')


def cut_stream(block: str) -> tuple[str, bytes | None]:
    """The block without the events of its reply, and the bytes of those.

    As it is, and None, where the reply is no such stream or somebody edited it.
    """
    return cut_untouched(block) if is_reply_unedited(block) else (block, None)


def cut_untouched(block: str) -> tuple[str, bytes | None]:
    """The same for (the end of) a block whose reply is known to be as it was written."""
    start = block.find(_START, block.find(RESPONSE)) + len(_START)
    if start < len(_START):
        return block, None
    end = block.find(_END, start)
    form = _options(block, end)
    if form is None:
        return block, None
    lines = block[start + len(_EVENT) : end].split("," + _EVENT)
    return block[:start] + block[end:], _bytes(lines, form)


def _options(block: str, end: int) -> dict[str, Json] | None:
    """The form without its events; None if it has what only the full way can read."""
    text = block[end + len(_END) : block.find("\n", end + len(_END))].removeprefix(", ").removesuffix(",")
    form = cast("Json", json.loads("{" + text))
    if not isinstance(form, dict) or "escapes" in form or "name" in form:
        return None
    return form if form.get("style") in ONE_LINE else None


def _bytes(lines: list[str], form: dict[str, Json]) -> bytes:
    framing, style = framing_of(form), style_of(form)
    data, event, end = f"data:{framing.sp}", f"event:{framing.sp}", framing.nl * 2
    named = f"{framing.nl}{data}"
    out: list[str] = []
    for line in lines:
        found = None if "\\u" in line or (style.ascii and not line.isascii()) else _LINE.fullmatch(line)
        if found is None:
            out.append(_parsed(line, style, framing))
        else:
            name, payload, spaces = found.groups()
            head = data if name is None else f"{event}{name}{named}"
            out.append(f"{head}{payload[:-1]}{spaces}}}{end}" if spaces else f"{head}{payload}{end}")
    return "".join(out).encode("utf-8", "surrogateescape")


def _parsed(line: str, style: Style, framing: Framing) -> str:
    """The block of a line that has to be parsed; bytes that are no UTF-8 as surrogate escapes."""
    entry = cast("Json", json.loads(line))
    raw = restore_raw(entry)
    if raw is not None or not isinstance(entry, list):
        return (raw or b"").decode("utf-8", "surrogateescape")
    name, value, patch = split_entry(entry)
    return framing.framed(name, payload_texts([(name, value, patch)], style)[0])
