"""Secrets in decoded bodies. Whatever the kind of body, its length stays the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact import eventframes, placeholder, streams
from tokentape.wire.redact import url as urls
from tokentape.wire.redact.hits import Hit, cover, settle
from tokentape.wire.redact.names import is_query_credential
from tokentape.wire.redact.percent import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.redact.search import Search

Redacted = tuple[bytes, list[Hit]]

_BINARY_RE = re.compile(
    r"(?:image/(?!svg)|audio/|video/|font/|model/)|application/(?:octet-stream|pdf|zip|gzip|x-tar|wasm"
    r"|x-protobuf|protobuf|grpc|msgpack|x-npy|vnd\.openxml)"
)
_PART_NAME_RE = re.compile(rb"(?i)content-disposition:[^\r\n]*?[;\s]name=\"?([^\"\r\n;]*+)")
_BOUNDARY_RE = re.compile(r"boundary=\"?([^\";,]+)", re.IGNORECASE)
_PAIR_RE = re.compile(rb"([^=&]*+)=([^&]*+)")
_LARGE = 1 << 16


def redact(body: bytes, media: str, content_type: str, search: Search) -> Redacted:
    """`body` (not compressed) with its secrets hidden, and what was found.

    `media` is the media type in lower case without parameters, "" if none was given.
    """
    if media == "application/vnd.amazon.eventstream":
        return eventframes.redact(body, search)
    if media == "application/x-www-form-urlencoded":
        return _covered(body, _form(body, search))
    if media.startswith("multipart/"):
        return _covered(body, settle(body, _multipart(body, content_type, search)))
    if _BINARY_RE.match(media) or (b"\0" in body[:1024] and "json" not in media):
        return _covered(body, search.loud(body))
    return text(body, media, search)


def text(body: bytes, media: str, search: Search) -> Redacted:
    """JSON, a stream of JSON, or any other text."""
    lines = stream_lines(body, media)
    if lines is not None:
        return _stream(lines, search)
    if body[:64].lstrip()[:1] in (b"{", b"[", b'"'):
        return _covered(body, search.json(body))
    return _covered(body, search.text(body))


def stream_lines(body: bytes, media: str) -> list[bytes] | None:
    """The lines of a stream of JSON (SSE, NDJSON, a list sent element by element), or None."""
    is_stream = media == "text/event-stream" or media.endswith(("ndjson", "jsonl", "json-seq", "jsonlines"))
    if not is_stream:
        start = body[:64].lstrip()
        is_stream = start.startswith((b"data:", b"event:", b"[{")) or (start[:1] == b"{" and _is_ndjson(body))
    return body.splitlines(keepends=True) if is_stream else None


def _is_ndjson(body: bytes) -> bool:
    """True if the first line is an object and the second line begins one."""
    end = body.find(b"\n")
    return end > 0 and body[:end].rstrip().endswith(b"}") and body[end + 1 : end + 2] == b"{"


def _covered(body: bytes, hits: list[Hit]) -> Redacted:
    return cover(body, hits), hits


def _stream(lines: list[bytes], search: Search) -> Redacted:
    """First what is split over events, then what each holds, with the whole as a last resort."""
    lines, found = streams.redact(lines, search.text)
    body = b"".join(lines)
    if not search.text(body) and not search.rules.paths:
        return body, found
    changed: list[bytes] = []
    for line in lines:
        start = max(line.find(b"{"), 0) if line.startswith(b"data:") else 0
        hits = search.json(line[start:]) if b"{" in line else search.text(line[start:])
        changed.append(line[:start] + cover(line[start:], hits))
        found += hits
    body = b"".join(changed)
    rest = [hit for hit in search.text(body) if b"\n" not in body[hit.start : hit.end]]
    return cover(body, rest), found + rest


def _form(body: bytes, search: Search) -> list[Hit]:
    hits: list[Hit] = []
    for match in _PAIR_RE.finditer(body):
        value = match[2]
        if not value or placeholder.is_piece(value):
            continue
        name = unquote(match[1], plus=True).decode("utf-8", "replace")
        if is_query_credential(name) or name.lower() in search.rules.fields:
            hits.append(Hit(*match.span(2), "credential"))
        elif urls.hidden(value.decode("latin-1"), search):
            hits.append(Hit(*match.span(2), "key"))
    return hits or search.text(body)


def _multipart(body: bytes, content_type: str, search: Search) -> Iterator[Hit]:
    boundary = _BOUNDARY_RE.search(content_type)
    mark = b"--" + boundary[1].strip().encode("latin-1") if boundary else b""
    start = 0
    while start < len(body):
        found = body.find(mark, start + 1) if mark else -1
        end = found if found >= 0 else len(body)
        for hit in _part(body[start:end], search):
            yield Hit(hit.start + start, hit.end + start, hit.kind)
        start = end


def _part(part: bytes, search: Search) -> list[Hit]:
    """Hits in one part, its own header fields included."""
    head, blank, value = part.partition(b"\r\n\r\n")
    named = _PART_NAME_RE.search(head)
    name = named[1].decode("utf-8", "replace") if named else ""
    if value and (is_query_credential(name) or name.lower() in search.rules.fields):
        start = len(head) + len(blank)
        return [Hit(start, start + len(value.rstrip(b"\r\n")), "credential")]
    if b"\0" in value[:1024] or (len(value) > _LARGE and b"text" not in head and b"json" not in head):
        return search.loud(part)
    if value[:64].lstrip()[:1] == b"{":
        start = len(head) + len(blank)
        inner = [Hit(hit.start + start, hit.end + start, hit.kind) for hit in search.json(value)]
        return search.text(head) + inner
    return search.text(part)
