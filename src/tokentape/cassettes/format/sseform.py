"""An event stream (SSE), one block per line: `{"sse": [BLOCK...], "nl": "\\n", "sp": " ", "style": ...}`.

`nl` is the line end and `sp` what follows the colon, as most of the stream has them. A block is shown as
JSON if it is `data: JSON`, or `event: name` and `data: JSON`, in just that spelling (`"name": "after"`:
all names stand after the data). Every other block (comments, ids, a byte order mark, several data lines,
odd spacing, `[DONE]`, an unended tail) stays raw text. What a block means is for `wire.sse`; this module
only has to give the bytes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.cassettes.format.payloads import (
    payload_texts,
    restore_raw,
    show_payload,
    show_raw,
    split_entry,
)
from tokentape.cassettes.format.styles import ONE_LINE, Style, guesses, style_of

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"sse", "nl", "sp", "name", "style", "ascii", "escapes"})
_NAME_AFTER = re.compile(rb"data:[^\r\n]*\r?\nevent:")
_LOOKS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")
_FIRST_DATA = re.compile(rb"(?:^|[\r\n])data:( ?)([\[{][^\r\n]*)")


def looks_like_sse(body: bytes) -> bool:
    """True if the body starts as an event stream does."""
    return _LOOKS.match(body) is not None


@dataclass(frozen=True, slots=True)
class Framing:
    """How the lines of a stream are put: line end, what follows the colon, names before or after the data."""

    nl: str = "\n"
    sp: str = " "
    after: bool = False

    def framed(self, name: str | None, payload: str) -> str:
        """The block of one event."""
        data = f"data:{self.sp}{payload}{self.nl}"
        named = "" if name is None else f"event:{self.sp}{name}{self.nl}"
        return f"{data}{named}{self.nl}" if self.after else f"{named}{data}{self.nl}"

    def parted(self, block: str) -> tuple[str | None, str] | None:
        """Name and payload of a block without the empty line that ends it; None: it is put otherwise."""
        lines = block.split(self.nl)
        if len(lines) > 2 or any("\n" in line or "\r" in line for line in lines):
            return None
        if self.after:
            lines.reverse()
        data, event = f"data:{self.sp}", f"event:{self.sp}"
        if not lines[-1].startswith(data) or (len(lines) == 2 and not lines[0].startswith(event)):
            return None
        return (lines[0][len(event) :] if len(lines) == 2 else None), lines[-1][len(data) :]

    def fields(self) -> dict[str, Json]:
        """What the form says about it; the usual is left out."""
        said: dict[str, Json] = {} if self.nl == "\n" else {"nl": self.nl}
        if self.sp != " ":
            said["sp"] = self.sp
        return {**said, "name": "after"} if self.after else said


def framing_of(form: dict[str, Json]) -> Framing:
    """The framing a form names. ValueError where it is none."""
    nl, sp, name = form.get("nl", "\n"), form.get("sp", " "), form.get("name", "before")
    if nl not in ("\n", "\r\n", "\r") or sp not in (" ", "") or name not in ("before", "after"):
        raise ValueError('nl is "\\n", "\\r\\n" or "\\r", sp is " " or "", name is "before" or "after"')
    return Framing(str(nl), str(sp), name == "after")


def show_sse(body: bytes) -> dict[str, Json] | None:
    """The form of an event stream; None if no block of it can be shown as JSON."""
    first = _FIRST_DATA.search(body)
    if first is None:
        return None
    nl = "\r\n" if b"\r\n\r\n" in body else "\n" if b"\n\n" in body else "\r"
    framing = Framing(nl, first[1].decode(), _NAME_AFTER.match(body) is not None)
    style, end = stream_style(body, first[2]), (nl + nl).encode()
    pieces = body.split(end)
    blocks = [_block(piece, framing, style) or show_raw(piece + end) for piece in pieces[:-1]]
    if pieces[-1]:
        blocks.append(show_raw(pieces[-1]))
    if not any(isinstance(block, list) for block in blocks):
        return None
    return {"sse": blocks, **framing.fields(), **style.fields()}


def stream_style(body: bytes, payload: bytes) -> Style:
    """The style of a stream: separators as in one `payload`, escapes as anywhere in it."""
    name = guesses(payload.decode(errors="replace"))[0].name
    everywhere = guesses(body.decode(errors="replace"))[0]
    return Style(name if name in ONE_LINE else "compact", everywhere.ascii, everywhere.escapes)


def _block(piece: bytes, framing: Framing, style: Style) -> Json:
    try:
        parts = framing.parted(piece.decode())
    except UnicodeDecodeError:
        return None
    return None if parts is None else show_payload(parts[0], parts[1], style)


def restore_sse(form: dict[str, Json]) -> bytes:
    """The bytes of the stream. ValueError: the form is not one that this version writes."""
    entries = form["sse"]
    if not isinstance(entries, list):
        raise ValueError("sse is not a list")
    framing = framing_of(form)
    raws = [restore_raw(entry) for entry in entries]
    events = [split_entry(entry) for entry in entries if isinstance(entry, list)]
    texts = payload_texts(events, style_of(form))
    blocks = (framing.framed(event[0], text) for event, text in zip(events, texts, strict=True))
    return b"".join(next(blocks).encode() if raw is None else raw for raw in raws)
