"""The start or the end of a long streamed reply, where that is enough to know.

Whether a stream came to its end stands at its end, and what it says in one line at its start: reading
the 100 000 events between them would cost more than recording them.
"""

from __future__ import annotations

from dataclasses import replace

from tokentape.wire.body import decoded_body, media_type
from tokentape.wire.message import Response, without

LONG = 1 << 17
"""Bytes from which on a stream is looked at in part."""

PART = 1 << 15

_BETWEEN_EVENTS = {
    "text/event-stream": (b"\n\n", b"\r\n\r\n"),
    "application/x-ndjson": (b"\n",),
    "application/stream+json": (b"\n",),
}
"""Byte runs that stand between events and never inside one."""


def start_of(response: Response) -> Response | None:
    """The first part of a long stream; its last event is mostly torn. None where the whole is short."""
    body = _long_body(response)
    return None if body is None else _with(response, body[:PART])


def end_of(response: Response) -> Response | None:
    """The last part of a long stream, from the start of an event on; None where the whole is short."""
    body = _long_body(response)
    if body is None:
        return None
    tail = body[-PART:]
    found = [
        (at, mark) for mark in _BETWEEN_EVENTS[media_type(response.headers)] if (at := tail.find(mark)) >= 0
    ]
    if not found:
        return None
    at, mark = min(found)
    return _with(response, tail[at + len(mark) :])


def _long_body(response: Response) -> bytes | None:
    if media_type(response.headers) not in _BETWEEN_EVENTS:
        return None
    body = decoded_body(response)
    return body if body is not None and len(body) >= LONG else None


def _with(response: Response, body: bytes) -> Response:
    return replace(
        response,
        headers=without(response.headers, "content-encoding"),
        body=body,
        chunks=(len(body),),
        decoded=None,
    )
