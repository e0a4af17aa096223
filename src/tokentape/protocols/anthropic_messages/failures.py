"""Anthropic's errors, both ways (API reference, "Errors")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import NAME, is_own
from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KINDS = {
    "invalid_request_error": FailureKind.INVALID_REQUEST,
    "authentication_error": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.BILLING,
    "permission_error": FailureKind.PERMISSION,
    "not_found_error": FailureKind.NOT_FOUND,
    "conflict_error": FailureKind.CONFLICT,
    "request_too_large": FailureKind.TOO_LARGE,
    "rate_limit_error": FailureKind.RATE_LIMIT,
    "timeout_error": FailureKind.TIMEOUT,
    "api_error": FailureKind.SERVER,
    "overloaded_error": FailureKind.OVERLOADED,
}
_TYPES = {
    FailureKind.AUTHENTICATION: "authentication_error",
    FailureKind.BILLING: "billing_error",
    FailureKind.PERMISSION: "permission_error",
    FailureKind.NOT_FOUND: "not_found_error",
    FailureKind.TOO_LARGE: "request_too_large",
    FailureKind.RATE_LIMIT: "rate_limit_error",
    FailureKind.TIMEOUT: "timeout_error",
    FailureKind.SERVER: "api_error",
    FailureKind.INCOMPLETE: "api_error",
    FailureKind.OVERLOADED: "overloaded_error",
}
_WORDED = (
    (FailureKind.CONTEXT_WINDOW, re.compile(r"prompt is too long|exceed context limit", re.IGNORECASE)),
    (FailureKind.BILLING, re.compile(r"credit balance is too low", re.IGNORECASE)),
    (FailureKind.CONTENT_FILTER, re.compile(r"blocked by content filtering", re.IGNORECASE)),
)
"""What only the message of an `invalid_request_error` tells."""
_OVERLOADED = 529
_TOP = frozenset({"type", "error", "request_id"})
_ERROR = frozenset({"type", "message"})


def read_failure(status: int | None, body: Json) -> Failure:
    """The error of a reply, or (status None) of an `error` event."""
    told = fields(body)
    error = fields(told.get("error"))
    said = text(error.get("type")) or None
    message = text(error.get("message")) or text(told.get("message")) or text(told.get("error"))
    kind = _KINDS.get(said or "") or (kind_of_status(status) if status else FailureKind.SERVER)
    if kind is FailureKind.INVALID_REQUEST:
        kind = next((worded for worded, pattern in _WORDED if pattern.search(message)), kind)
    rest = dict(rest_of(told, _TOP))
    if inner := rest_of(error, _ERROR):
        rest["error"] = dict(inner)
    origin = Origin(NAME, (), rest)
    request_id = text(told.get("request_id")) or None
    return Failure(kind, message, status, said, request_id=request_id, origin=origin)


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Status and body."""
    status = failure.http_status
    if failure.kind is FailureKind.OVERLOADED and not is_own(failure.origin):
        status = _OVERLOADED
    return status, failure_body(failure)


def failure_body(failure: Failure) -> Fields:
    """The body, which an `error` event has as its data, too."""
    own = is_own(failure.origin)
    said = failure.type if own and _KINDS.get(failure.type or "") in (failure.kind, None) else None
    if own and failure.kind is not FailureKind.INVALID_REQUEST and failure.type == "invalid_request_error":
        said = failure.type
    error: Fields = {
        "type": said or _TYPES.get(failure.kind, "invalid_request_error"),
        "message": failure.message,
    }
    body: Fields = {"type": "error", "error": error}
    if is_own(failure.origin):
        more = failure.origin.rest.get("error")
        body = {**failure.origin.rest, **body}
        if isinstance(more, dict):
            body["error"] = {**more, **error}
    if failure.request_id is not None:
        body["request_id"] = failure.request_id
    return body
