"""The form in which a body is shown, and the bytes again: exact for any bytes.

    None  b""                absent and empty: null, ""
    json                     `jsonform`, where re-serialising gives the same bytes
    sse, ndjson, aws_events  one event per line
    multipart                by parts
    text, base64             what is left

`show` renders the form it chose, compares, and goes on to the next where the bytes differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format import awsform, jsonform, multipartform, ndjsonform, sseform
from tokentape.cassettes.format.textform import restore_base64, restore_text, show_base64, show_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.wire.interaction import Json

SHOWN_AT_MOST = 4 << 20
"""Larger bodies (bytes) are text or base64: nobody reads them, and taking them apart costs seconds."""

_STREAMS = {"text/event-stream", "application/x-ndjson", "application/stream+json", "application/jsonl"}


def show(body: bytes | None, media: str = "") -> Json:
    """The form of `body`; `media` is its media type, a hint only."""
    if not body:
        return None if body is None else ""
    if len(body) <= SHOWN_AT_MOST:
        for form in _readable(body, media):
            if form is not None and _gives_back(form, body):
                return form
    return show_text(body) or show_base64(body)


def _readable(body: bytes, media: str) -> Iterator[dict[str, Json] | None]:
    start = body[:64].lstrip()[:1]
    if media in _STREAMS or (start not in b"{[" and sseform.looks_like_sse(body)):
        yield sseform.show_sse(body)
    if start in (b"{", b"[", b'"'):
        if media in _STREAMS:
            yield ndjsonform.show_ndjson(body)
        yield _json(body)
        yield ndjsonform.show_ndjson(body)
    elif body.startswith(b"--"):
        yield multipartform.show_multipart(body, show)
    elif awsform.looks_like_events(body):
        yield awsform.show_events(body)
    else:
        yield _json(body)


def _json(body: bytes) -> dict[str, Json] | None:
    try:
        return jsonform.show_json(body.decode())
    except UnicodeDecodeError:
        return None


def _gives_back(form: dict[str, Json], body: bytes) -> bool:
    try:
        return restore(form) == body
    except ValueError:
        return False


_RESTORE: dict[str, tuple[frozenset[str], Callable[[dict[str, Json]], bytes]]] = {
    "json": (jsonform.FIELDS, lambda form: jsonform.restore_json(form).encode()),
    "sse": (sseform.FIELDS, sseform.restore_sse),
    "ndjson": (ndjsonform.FIELDS, ndjsonform.restore_ndjson),
    "aws_events": (awsform.FIELDS, awsform.restore_events),
    "multipart": (multipartform.FIELDS, lambda form: multipartform.restore_multipart(form, restore)),
    "text": (frozenset({"text"}), lambda form: restore_text(form).encode()),
    "base64": (frozenset({"base64"}), lambda form: restore_base64(form["base64"])),
}


def restore(form: Json, *, folded: bool = True) -> bytes | None:
    """The bytes that `form` shows (None for null).

    `folded=False`: no `$lines` occurs, so a JSON value need not be walked. ValueError says what is
    wrong with a form that is not one of ours.
    """
    if form is None:
        return None
    if form == "":
        return b""
    if not isinstance(form, dict):
        raise ValueError('a body is null, "" or an object')
    kind = next((name for name in form if name in _RESTORE), None)
    if kind is None:
        raise ValueError(f"a body is one of {', '.join(_RESTORE)}")
    known, restored = _RESTORE[kind]
    strange = sorted(form.keys() - known)
    if strange:
        raise ValueError(f"a {kind} body has no field {strange[0]!r}")
    if kind == "json" and not folded:
        return jsonform.restore_json(form, folded=False).encode()
    return restored(form)
