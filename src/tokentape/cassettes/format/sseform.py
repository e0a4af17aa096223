"""An event stream (SSE), one block per line: `{"sse": [BLOCK...], "nl": "\\n", "sp": " ", "style": ...}`.

`nl` is the line end and `sp` what follows the colon, as most of the stream has them. A block is shown
as JSON if it is `data: JSON`, or `event: name` and `data: JSON`, in just that spelling; every other
block (comments, ids, a byte order mark, several data lines, odd spacing, `[DONE]`, an unended tail)
stays raw text. What a block means is for `wire.sse`; this module only has to give the bytes back.
"""

from __future__ import annotations

import re
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

FIELDS = frozenset({"sse", "nl", "sp", "style", "ascii", "escapes"})
_LOOKS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")
_FIRST_DATA = re.compile(rb"(?:^|[\r\n])data:( ?)([\[{][^\r\n]*)")


def looks_like_sse(body: bytes) -> bool:
    """True if the body starts as an event stream does."""
    return _LOOKS.match(body) is not None


def show_sse(body: bytes) -> dict[str, Json] | None:
    """The form of an event stream; None if no block of it can be shown as JSON."""
    first = _FIRST_DATA.search(body)
    if first is None:
        return None
    nl = "\r\n" if b"\r\n\r\n" in body else "\n" if b"\n\n" in body else "\r"
    sp, style = first[1].decode(), stream_style(body, first[2])
    end = (nl + nl).encode()
    pieces = body.split(end)
    blocks = [_block(piece, nl, sp, style) or show_raw(piece + end) for piece in pieces[:-1]]
    if pieces[-1]:
        blocks.append(show_raw(pieces[-1]))
    if not any(isinstance(block, list) for block in blocks):
        return None
    form: dict[str, Json] = {"sse": blocks}
    form |= {name: value for name, value, usual in (("nl", nl, "\n"), ("sp", sp, " ")) if value != usual}
    return {**form, **style.fields()}


def stream_style(body: bytes, payload: bytes) -> Style:
    """The style of a stream: separators as in one `payload`, escapes as anywhere in it."""
    name = guesses(payload.decode(errors="replace"))[0].name
    everywhere = guesses(body.decode(errors="replace"))[0]
    return Style(name if name in ONE_LINE else "compact", everywhere.ascii, everywhere.escapes)


def _block(piece: bytes, nl: str, sp: str, style: Style) -> Json:
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return None
    name, data = None, text
    if text.startswith("event:" + sp):
        name, _, data = text[6 + len(sp) :].partition(nl)
    start = "data:" + sp
    if not data.startswith(start) or "\n" in data or "\r" in data:
        return None
    if name is not None and ("\n" in name or "\r" in name):
        return None
    return show_payload(name, data[len(start) :], style)


def restore_sse(form: dict[str, Json]) -> bytes:
    """The bytes of the stream. ValueError: the form is not one that this version writes."""
    entries = form["sse"]
    if not isinstance(entries, list):
        raise ValueError("sse is not a list")
    nl, sp = framing(form)
    raws = [restore_raw(entry) for entry in entries]
    events = [split_entry(entry) for entry in entries if isinstance(entry, list)]
    texts = iter(payload_texts(events, style_of(form)))
    names = iter([name for name, _, _ in events])
    return b"".join(
        _framed(next(names), next(texts), nl, sp).encode() if raw is None else raw for raw in raws
    )


def framing(form: dict[str, Json]) -> tuple[str, str]:
    """Line end and spacing of a stream. ValueError where they are none."""
    nl, sp = form.get("nl", "\n"), form.get("sp", " ")
    if nl not in ("\n", "\r\n", "\r") or sp not in (" ", ""):
        raise ValueError('nl is "\\n", "\\r\\n" or "\\r", and sp is " " or ""')
    return str(nl), str(sp)


def _framed(name: str | None, payload: str, nl: str, sp: str) -> str:
    head = "" if name is None else f"event:{sp}{name}{nl}"
    return f"{head}data:{sp}{payload}{nl}{nl}"
