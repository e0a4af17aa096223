"""Errors: `{"message": "the text"}` as a reply; in a stream, at the end of the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.cohere.form import NAME, rest_from
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset({"message", "id"})
_KINDS = {498: FailureKind.AUTHENTICATION, 499: FailureKind.TIMEOUT, 501: FailureKind.UNSUPPORTED}
"""498: the token is invalid. 499: the caller closed the connection."""

_BLOCKED = ("blocked output", "blocked input")


def read_failure(status: int, body: Json) -> Failure:
    """The error of a reply; its `id` is that of the request."""
    told = fields(body)
    message = text(told.get("message")) or text(at(body, "error", "message")) or text(told.get("error"))
    kind = _KINDS.get(status) or kind_of_status(status)
    if kind is FailureKind.INVALID_REQUEST and message.lower().startswith(_BLOCKED):
        kind = FailureKind.CONTENT_FILTER
    known = _KNOWN if isinstance(told.get("id"), str) else _KNOWN - {"id"}
    origin = Origin(NAME, rest=rest_of(told, known))
    return Failure(kind, message, status, request_id=text(told.get("id")) or None, origin=origin)


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Its status and body."""
    body: Fields = {**rest_from(failure.origin), "message": failure.message}
    if failure.request_id is not None:
        body["id"] = failure.request_id
    return failure.http_status, body


def failed(word: str, message: str | None) -> Failure:
    """The error that ended a message."""
    kind = FailureKind.TIMEOUT if word == "TIMEOUT" else FailureKind.SERVER
    return Failure(kind, message or f"the reply ended with {word}", type=word)
