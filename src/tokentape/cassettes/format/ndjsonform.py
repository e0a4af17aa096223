"""Newline-delimited JSON, one value per line: `{"ndjson": [LINE...], "nl": "\\n", "style": ...}`.

LINE is an entry without a name: `[V]`, `[null, V, PATCH]`, `"raw text"` or `{"base64": S}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.payloads import (
    payload_texts,
    restore_raw,
    show_payload,
    show_raw,
    split_entry,
)
from tokentape.cassettes.format.sseform import stream_style
from tokentape.cassettes.format.styles import style_of

if TYPE_CHECKING:
    from tokentape.cassettes.format.styles import Style
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"ndjson", "nl", "style", "ascii", "escapes"})


def show_ndjson(body: bytes) -> dict[str, Json] | None:
    """The form of a body of JSON lines; None unless at least two lines are JSON objects or arrays."""
    nl = b"\r\n" if b"\r\n" in body else b"\n"
    lines = body.split(nl)
    style = stream_style(body, lines[0])
    shown = [_line(line, style) or show_raw(line + nl) for line in lines[:-1]]
    if lines[-1]:
        shown.append(show_raw(lines[-1]))
    if sum(isinstance(line, list) for line in shown) < min(2, len(shown)):
        return None
    form: dict[str, Json] = {"ndjson": shown, **style.fields()}
    return form if nl == b"\n" else {**form, "nl": "\r\n"}


def _line(line: bytes, style: Style) -> Json:
    if line[:1] not in (b"{", b"["):
        return None
    try:
        return show_payload(None, line.decode(), style)
    except UnicodeDecodeError:
        return None


def restore_ndjson(form: dict[str, Json]) -> bytes:
    """The bytes of the lines. ValueError: the form is not one that this version writes."""
    entries, nl = form["ndjson"], form.get("nl", "\n")
    if not isinstance(entries, list):
        raise ValueError("ndjson is not a list")
    if nl not in ("\n", "\r\n"):
        raise ValueError('nl is "\\n" or "\\r\\n"')
    raws = [restore_raw(entry) for entry in entries]
    events = [split_entry(entry) for entry in entries if isinstance(entry, list)]
    texts = iter(payload_texts(events, style_of(form)))
    return b"".join(f"{next(texts)}{nl}".encode() if raw is None else raw for raw in raws)
