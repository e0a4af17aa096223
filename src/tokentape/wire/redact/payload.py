"""A body with its head: content codings undone and done again, lengths made to fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from tokentape.wire.body import content_encoding, decoded_body, encode_content, fitted, media_type
from tokentape.wire.message import header
from tokentape.wire.redact import body as redaction

if TYPE_CHECKING:
    from tokentape.wire.message import Headers, Request, Response
    from tokentape.wire.redact.hits import Hit
    from tokentape.wire.redact.search import Search


def plain(message: Request | Response) -> tuple[bytes, str]:
    """The body without its content coding, and that coding: "" where there is none to redo.

    What cannot be decoded (no codec, and no view in the file) is looked at as it is.
    """
    body, coding = message.body or b"", content_encoding(message.headers)
    view = decoded_body(message) if coding and body else body
    return (body, "") if view is None or view is body else (view, coding)


def of_request(request: Request, search: Search) -> tuple[Request, list[Hit]]:
    """The request with its body redacted; the same object where nothing was found."""
    before, coding = plain(request)
    after, found = _redact(request.headers, before, search)
    if after == before:
        return request, []
    headers, body = _encoded(request.headers, after, coding)
    return replace(request, headers=headers, body=body), found


def of_response(response: Response, search: Search) -> tuple[Response, list[Hit]]:
    """The response with its body redacted, and `chunks` that still add up."""
    before, coding = plain(response)
    after, found = _redact(response.headers, before, search)
    if after == before:
        return response, []
    headers, body = _encoded(response.headers, after, coding)
    coded = header(headers, "content-encoding") is not None
    shown = after if response.decoded is not None and coded else None
    chunks = _scaled(response.chunks, len(body))
    return replace(response, headers=headers, body=body, chunks=chunks, decoded=shown), found


def _redact(headers: Headers, before: bytes, search: Search) -> tuple[bytes, list[Hit]]:
    if not before:
        return before, []
    return redaction.redact(before, media_type(headers), header(headers, "content-type") or "", search)


def _encoded(headers: Headers, after: bytes, coding: str) -> tuple[Headers, bytes]:
    """The body in its coding again, with a fitting Content-Length.

    In a coding that cannot be written the body stays plain, and the header no longer names it.
    """
    if not coding:
        return headers, after
    encoded = encode_content(after, coding)
    if encoded is None:
        return fitted(headers, after, decoded=True), after
    return fitted(headers, encoded), encoded


def _scaled(chunks: tuple[int, ...], length: int) -> tuple[int, ...]:
    """As many chunks as before, in proportion, adding up to `length`."""
    total = sum(chunks)
    if total in (0, length):
        return chunks
    ends = [end * length // total for end in accumulate(chunks)]
    return tuple(end - start for start, end in zip([0, *ends], ends, strict=False))
