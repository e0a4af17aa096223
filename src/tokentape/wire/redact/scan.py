"""The last look before anything is stored: would a secret get out?

It does not trust what went before. It looks at everything that would be written, as a reader might
see it: raw, decoded, parsed, unescaped, joined over the events of a stream.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.wire import body as bodies
from tokentape.wire.interaction import Finding
from tokentape.wire.message import Response, header
from tokentape.wire.redact import body as redaction
from tokentape.wire.redact import eventframes, headers, known, streams
from tokentape.wire.redact import url as urls
from tokentape.wire.redact.percent import unquote
from tokentape.wire.redact.search import Search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Interaction, Json
    from tokentape.wire.message import Headers, Request

_KEEP_WHOLE = frozenset(
    {"encrypted_content", "encryptedContent", "thoughtSignature", "thought_signature", "signature"}
)


def leaks(interaction: Interaction, search: Search) -> tuple[Finding, ...]:
    """Secrets that are still there, by place and kind; empty if the interaction may be stored."""
    counted: dict[tuple[str, str], int] = {}
    built_in = Search(replace(search.rules, patterns=()), search.literals)
    for place, kind in (*_found(interaction, built_in), *_by_user_rules(interaction, search)):
        counted[place, kind] = counted.get((place, kind), 0) + 1
    return tuple(Finding(place, kind, count) for (place, kind), count in counted.items())


def _found(interaction: Interaction, search: Search) -> Iterator[tuple[str, str]]:
    request, response = interaction.request, interaction.response
    yield from (("request.url", kind) for kind in urls.redact(request.url, search)[1])
    yield from _in_text("request.url", request.url, search)
    yield from _in_headers("request.headers", request.headers, search)
    yield from _in_body("request.body", request, search)
    if response is not None:
        yield from _in_headers("response.headers", response.headers, search)
        yield from _in_headers("response.trailers", response.trailers, search)
        yield from _in_text("response.reason", response.reason, search)
        yield from _in_body("response.body", response, search)
    if interaction.ended.error is not None:
        yield from _in_text("ended.error", interaction.ended.error.message, search)
    for place, text in (
        ("asks", interaction.asks),
        ("reads_as", interaction.reads_as),
        ("id", interaction.id),
    ):
        yield from _in_text(place, text, search)
    for place, values in (("metadata", interaction.metadata), ("unknown", interaction.unknown)):
        for text in _strings(dict(values)):
            yield from _in_text(place, text, search)


def _by_user_rules(interaction: Interaction, search: Search) -> Iterator[tuple[str, str]]:
    """Patterns and paths of the user, in bodies: they mean strings and numbers, not the text around."""
    if not (search.rules.patterns or search.rules.paths):
        return
    messages = (("request.body", interaction.request), ("response.body", interaction.response))
    for place, message in messages:
        view = bodies.decoded_body(message) if message is not None else None
        if message is not None and view:
            content_type = header(message.headers, "content-type") or ""
            _, hits = redaction.redact(view, bodies.media_type(message.headers), content_type, search)
            yield from ((place, hit.kind) for hit in hits)


def _in_text(place: str, text: str, search: Search) -> Iterator[tuple[str, str]]:
    data = text.encode("utf-8", "surrogatepass")
    for view in {data, unquote(data)}:
        yield from ((place, hit.kind) for hit in search.text(view))


def _in_headers(place: str, fields: Headers, search: Search) -> Iterator[tuple[str, str]]:
    yield from ((f"{place}.{name}", kind) for name, kind in headers.redact(fields, search)[1])
    for name, value in fields:
        data = f"{name}: {value}".encode("latin-1", "replace")
        yield from ((f"{place}.{name.lower()}", hit.kind) for hit in known.find(data, search.literals))


def _in_body(place: str, message: Request | Response, search: Search) -> Iterator[tuple[str, str]]:
    """The bytes as they are, without their coding, and as the file shows them."""
    shown = message.decoded if isinstance(message, Response) else None
    views: list[bytes] = []
    for view in (message.body, bodies.decoded_body(message), shown):
        if view and view not in views:  # mostly the same object; to hash 50 MB would take its time
            views.append(view)
    for view in views:
        yield from ((place, hit.kind) for hit in search.loud(view))
        yield from _in_view(place, view, bodies.media_type(message.headers), search)


def _in_view(place: str, view: bytes, media: str, search: Search) -> Iterator[tuple[str, str]]:
    """Text as it stands, as its JSON says it, and joined over events."""
    if media == "application/vnd.amazon.eventstream":
        events = list(eventframes.texts(view))
    else:
        if b"\0" in view[:1024]:
            return
        events = redaction.stream_lines(view, media) or [view]
    texts = [b"\n".join(events), *(streams.joined(events) if len(events) > 1 else [])]
    if b"\\" in view or len(events) > 1:
        texts.append(b"\n".join(_unescaped(event) for event in events if b"\\" in event))
    for text in texts:
        yield from ((place, hit.kind) for hit in search.text(text))


def _unescaped(event: bytes) -> bytes:
    """The strings of a JSON event with their escapes undone, one a line; b"" if it is no JSON."""
    start = event.find(b"{") if event.startswith((b"data:", b"event:")) else 0
    try:
        parsed = json.loads(event[start:])
    except (ValueError, RecursionError):
        return b""
    return b"\n".join(text.encode("utf-8", "surrogatepass") for text in _strings(parsed))


def _strings(value: Json) -> Iterator[str]:
    """Every string of a JSON value, field names included, opaque reasoning left out."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            yield from item
            stack += [each for name, each in item.items() if name not in _KEEP_WHOLE]
