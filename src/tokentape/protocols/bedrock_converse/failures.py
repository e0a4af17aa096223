"""Errors of Bedrock: REST-JSON bodies, and exceptions inside a stream (API reference, "Common Errors").

The exception's name stands in the header `x-amzn-errortype`, and in `__type` of some bodies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin, rest_of

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KINDS = {
    "validation": FailureKind.INVALID_REQUEST,
    "accessdenied": FailureKind.PERMISSION,
    "unrecognizedclient": FailureKind.AUTHENTICATION,
    "expiredtoken": FailureKind.AUTHENTICATION,
    "invalidsignature": FailureKind.AUTHENTICATION,
    "missingauthenticationtoken": FailureKind.AUTHENTICATION,
    "incompletesignature": FailureKind.AUTHENTICATION,
    "resourcenotfound": FailureKind.NOT_FOUND,
    "conflict": FailureKind.CONFLICT,
    "throttling": FailureKind.RATE_LIMIT,
    "toomanyrequests": FailureKind.RATE_LIMIT,
    "servicequotaexceeded": FailureKind.RATE_LIMIT,
    "modeltimeout": FailureKind.TIMEOUT,
    "modelnotready": FailureKind.OVERLOADED,
    "serviceunavailable": FailureKind.OVERLOADED,
    "internalserver": FailureKind.SERVER,
    "modelerror": FailureKind.SERVER,
    "modelstreamerror": FailureKind.SERVER,
}
"""By the exception's name in lower case, without "exception"."""

_WRITTEN = {
    FailureKind.AUTHENTICATION: ("UnrecognizedClientException", 403),
    FailureKind.BILLING: ("AccessDeniedException", 403),
    FailureKind.PERMISSION: ("AccessDeniedException", 403),
    FailureKind.NOT_FOUND: ("ResourceNotFoundException", 404),
    FailureKind.CONFLICT: ("ConflictException", 400),
    FailureKind.RATE_LIMIT: ("ThrottlingException", 429),
    FailureKind.TIMEOUT: ("ModelTimeoutException", 408),
    FailureKind.SERVER: ("InternalServerException", 500),
    FailureKind.OVERLOADED: ("ServiceUnavailableException", 503),
    FailureKind.INCOMPLETE: ("ModelErrorException", 424),
}
"""The exception and its status; all others are `ValidationException`, 400."""

_IN_STREAM = {
    FailureKind.RATE_LIMIT: "throttlingException",
    FailureKind.OVERLOADED: "serviceUnavailableException",
    FailureKind.SERVER: "internalServerException",
    FailureKind.TIMEOUT: "modelStreamErrorException",
    FailureKind.INCOMPLETE: "modelStreamErrorException",
}
EXCEPTIONS = frozenset({*_IN_STREAM.values(), "validationException"})
"""The exceptions that a ConverseStream may tell."""

_TOO_LONG = re.compile(r"too long|too many (input )?tokens|context (length|window)|exceeds the max", re.I)
_KNOWN = frozenset({"__type", "message"})


def read_failure(status: int | None, body: Json) -> Failure:
    """An error reply; `body` None where it is no JSON."""
    fields = body if isinstance(body, dict) else {}
    type = fields.get("__type")
    found = next((name for name in ("message", "Message") if isinstance(fields.get(name), str)), None)
    name = type.rpartition("#")[2].partition(":")[0] if isinstance(type, str) else None
    known = {"__type": isinstance(type, str), found or "": True}
    rest = {key: value for key, value in fields.items() if not known.get(key)}
    message = str(fields[found]) if found else ""
    return Failure(
        _kind(name, status, message),
        message,
        status,
        name,
        origin=Origin(NAME, (), rest, {"type": type if isinstance(type, str) else None, "message": found}),
    )


def _kind(name: str | None, status: int | None, message: str) -> FailureKind:
    bare = (name or "").lower().removesuffix("exception").removesuffix("error")
    kind = _KINDS.get(bare)
    if bare in ("modelerror", "modelstreamerror", "modelstream", "model"):
        kind = FailureKind.SERVER
    if kind is None:
        kind = FailureKind.SERVER if status is None else kind_of_status(status)
    if kind is FailureKind.INVALID_REQUEST and _TOO_LONG.search(message):
        return FailureKind.CONTEXT_WINDOW
    return kind


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Its status and body."""
    origin = failure.origin
    if origin is not None and origin.protocol == NAME and "message" in origin.spelling:
        body: Fields = dict(origin.rest)
        field = origin.spelling["message"]
        if field is not None or failure.message:
            body[str(field or "message")] = failure.message
        if origin.spelling.get("type") is not None:
            body["__type"] = origin.spelling["type"]
        return failure.http_status, body
    name, status = _WRITTEN.get(failure.kind, ("ValidationException", 400))
    return status, {"__type": name, "message": failure.message}


def read_exception(name: str, fields: Fields) -> Failure:
    """An exception told in a stream."""
    message = fields.get("message")
    said = message if isinstance(message, str) else ""
    rest = rest_of(fields, _KNOWN)
    return Failure(_kind(name, None, said), said, type=name, origin=Origin(NAME, (), rest))


def write_exception(failure: Failure) -> tuple[str, Fields]:
    """The name of an exception in a stream, and its body."""
    origin = failure.origin
    body: Fields = {"message": failure.message}
    if origin is not None and origin.protocol == NAME and failure.type in EXCEPTIONS:
        return str(failure.type), {**origin.rest, **body}
    return _IN_STREAM.get(failure.kind, "validationException"), body
