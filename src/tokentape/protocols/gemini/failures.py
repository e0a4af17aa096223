"""Errors: `google.rpc.Status` as JSON (Google Cloud API Design Guide, "Errors")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import STATUS, Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.gemini.names import NAME
from tokentape.protocols.reading import fields, number, objects, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KINDS = {
    "INVALID_ARGUMENT": FailureKind.INVALID_REQUEST,
    "FAILED_PRECONDITION": FailureKind.INVALID_REQUEST,
    "OUT_OF_RANGE": FailureKind.INVALID_REQUEST,
    "UNAUTHENTICATED": FailureKind.AUTHENTICATION,
    "PERMISSION_DENIED": FailureKind.PERMISSION,
    "NOT_FOUND": FailureKind.NOT_FOUND,
    "ALREADY_EXISTS": FailureKind.CONFLICT,
    "ABORTED": FailureKind.CONFLICT,
    "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMIT,
    "UNIMPLEMENTED": FailureKind.UNSUPPORTED,
    "INTERNAL": FailureKind.SERVER,
    "UNKNOWN": FailureKind.SERVER,
    "DATA_LOSS": FailureKind.SERVER,
    "UNAVAILABLE": FailureKind.OVERLOADED,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
}
_WORDS = {
    FailureKind.INVALID_REQUEST: (400, "INVALID_ARGUMENT"),
    FailureKind.CONTEXT_WINDOW: (400, "INVALID_ARGUMENT"),
    FailureKind.CONTENT_FILTER: (400, "INVALID_ARGUMENT"),
    FailureKind.TOO_LARGE: (400, "INVALID_ARGUMENT"),
    FailureKind.UNSUPPORTED: (400, "FAILED_PRECONDITION"),
    FailureKind.AUTHENTICATION: (401, "UNAUTHENTICATED"),
    FailureKind.BILLING: (403, "PERMISSION_DENIED"),
    FailureKind.PERMISSION: (403, "PERMISSION_DENIED"),
    FailureKind.NOT_FOUND: (404, "NOT_FOUND"),
    FailureKind.CONFLICT: (409, "ABORTED"),
    FailureKind.RATE_LIMIT: (429, "RESOURCE_EXHAUSTED"),
    FailureKind.SERVER: (500, "INTERNAL"),
    FailureKind.OVERLOADED: (503, "UNAVAILABLE"),
    FailureKind.INCOMPLETE: (503, "UNAVAILABLE"),
    FailureKind.TIMEOUT: (504, "DEADLINE_EXCEEDED"),
}
_TOLD = frozenset({"code", "message", "status"})


def read_failure(status: int | None, body: Json) -> Failure:
    """The error of a reply, or of a stream (no `status`), whatever the body is."""
    whole = fields(body[0]) if isinstance(body, list) and body else fields(body)
    error = whole.get("error")
    told = fields(error)
    said = error if isinstance(error, str) else text(told.get("message")) or text(whole.get("message"))
    code, word = number(told.get("code")), text(told.get("status"))
    shown = status or code
    reasons = (text(detail.get("reason")) for detail in objects(told.get("details")))
    reason = next(filter(None, reasons), None)
    rest: Fields = {name: value for name, value in told.items() if name not in _TOLD}
    spelling: Fields = {name: told[name] for name in _TOLD if name in told}
    spelling["="] = {name: value for name, value in whole.items() if name != "error"}
    return Failure(
        _kind(word, shown, reason, said),
        said or f"the reply has status {shown}",
        status=status,
        type=word or None,
        code=reason,
        param=_param(told.get("details")),
        origin=Origin(NAME, ("error",), rest or NOTHING, spelling if told else NOTHING),
    )


def _kind(word: str, status: int | None, reason: str | None, said: str) -> FailureKind:
    if reason == "API_KEY_INVALID":
        return FailureKind.AUTHENTICATION
    if reason == "BILLING_DISABLED":
        return FailureKind.BILLING
    kind = _KINDS.get(word) or kind_of_status(status or 500)
    if kind is FailureKind.INVALID_REQUEST and "maximum number of tokens" in said:
        return FailureKind.CONTEXT_WINDOW
    return kind


def _param(details: Json) -> str | None:
    for detail in objects(details):
        for violation in objects(detail.get("fieldViolations")):
            if found := text(violation.get("field")):
                return found
    return None


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Status and body."""
    origin = failure.origin
    if origin is None or origin.protocol != NAME or not origin.spelling:
        status, word = _WORDS[failure.kind]
        if origin is not None and origin.protocol == NAME:
            status = failure.status or status
        elif failure.status in _NATIVE and kind_of_status(failure.status) is failure.kind:
            status = failure.status
        return status, {"error": {"code": status, "message": failure.message, "status": word}}
    status = failure.status or number(origin.spelling.get("code")) or STATUS[failure.kind]
    spelling = origin.spelling
    told: Fields = {**origin.rest, **{name: spelling[name] for name in _TOLD if name in spelling}}
    if failure.message != told.get("message") and failure.message != f"the reply has status {status}":
        told["message"] = failure.message
    return status, {"error": told, **fields(origin.spelling.get("="))}


_NATIVE = frozenset({400, 401, 403, 404, 409, 429, 500, 503, 504})
