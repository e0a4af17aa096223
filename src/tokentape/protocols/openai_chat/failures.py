"""Errors, both ways: OpenAI's object, and what compatible servers say instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_WORDS = {
    "context_length_exceeded": FailureKind.CONTEXT_WINDOW,
    "content_filter": FailureKind.CONTENT_FILTER,
    "content_policy_violation": FailureKind.CONTENT_FILTER,
    "insufficient_quota": FailureKind.BILLING,
    "billing_not_active": FailureKind.BILLING,
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "authentication_error": FailureKind.AUTHENTICATION,
    "permission_error": FailureKind.PERMISSION,
    "permission_denied": FailureKind.PERMISSION,
    "model_not_found": FailureKind.NOT_FOUND,
    "not_found_error": FailureKind.NOT_FOUND,
    "request_too_large": FailureKind.TOO_LARGE,
    "rate_limit_exceeded": FailureKind.RATE_LIMIT,
    "rate_limit_error": FailureKind.RATE_LIMIT,
    "requests": FailureKind.RATE_LIMIT,
    "tokens": FailureKind.RATE_LIMIT,
    "timeout": FailureKind.TIMEOUT,
    "server_error": FailureKind.SERVER,
    "api_error": FailureKind.SERVER,
    "internal_server_error": FailureKind.SERVER,
    "overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
    "service_unavailable": FailureKind.OVERLOADED,
    "engine_overloaded": FailureKind.OVERLOADED,
    "invalid_request_error": FailureKind.INVALID_REQUEST,
    "stream_incomplete": FailureKind.INCOMPLETE,
}
"""By `code`, then `type` (OpenAI's "Error codes" and what compatible servers add)."""

_PRECISE = frozenset({FailureKind.CONTEXT_WINDOW, FailureKind.CONTENT_FILTER, FailureKind.BILLING})
"""Kinds that a status does not tell."""


def read_failure(status: int, body: Json) -> Failure:
    """The error of a reply with that status, whatever its body is."""
    told = body[0] if isinstance(body, list) and body else body
    return _read(told, status, {"list": True} if isinstance(body, list) and len(body) == 1 else {})


def failure_in(body: Fields) -> Failure | None:
    """The error told in a reply or a chunk that came with a good status."""
    return _read(body, None, {}) if body.get("error") else None


def _read(body: Json, status: int | None, spelling: Mapping[str, Json]) -> Failure:
    outer = fields(body)
    error = outer.get("error")
    inner = error if isinstance(error, dict) else {} if isinstance(error, str) else outer
    message = _message(inner.get("message")) or text(error) or _message(outer.get("message"))
    message = message or _message(outer.get("detail")) or _message(inner.get("status")) or text(body)
    code, kind = inner.get("code"), inner.get("type")
    param = inner.get("param")
    return Failure(
        _kind(code, kind, status),
        message or "the server told no reason",
        status,
        kind if isinstance(kind, str) else None,
        code if isinstance(code, str) else str(code) if isinstance(code, int) else None,
        param if isinstance(param, str) else None,
        _request_id(outer, inner),
        Origin(NAME, (), {"body": body}, spelling),
    )


def _message(value: Json) -> str:
    """The text of a message; FastAPI's servers give a list of problems, Mistral an object around one."""
    if isinstance(value, dict):
        return _message(value.get("detail") or value.get("message"))
    if isinstance(value, list):
        return "; ".join(text(fields(entry).get("msg")) or text(entry) for entry in value)
    return text(value)


def _request_id(outer: Fields, inner: Fields) -> str | None:
    return text(outer.get("request_id")) or text(inner.get("request_id")) or None


def _kind(code: Json, kind: Json, status: int | None) -> FailureKind:
    known = _WORDS.get(text(code).lower()) or _WORDS.get(text(kind).lower())
    if status is not None:
        return known if known in _PRECISE and known is not None else kind_of_status(status)
    if known is not None:
        return known
    told = int(text(code)) if text(code).isdecimal() and len(text(code)) == 3 else code
    if isinstance(told, int) and 400 <= told < 600:
        return kind_of_status(told)
    return FailureKind.SERVER


_TYPES = {
    FailureKind.AUTHENTICATION: "authentication_error",
    FailureKind.BILLING: "insufficient_quota",
    FailureKind.PERMISSION: "permission_error",
    FailureKind.NOT_FOUND: "not_found_error",
    FailureKind.RATE_LIMIT: "rate_limit_error",
    FailureKind.SERVER: "server_error",
    FailureKind.OVERLOADED: "server_error",
    FailureKind.TIMEOUT: "server_error",
    FailureKind.INCOMPLETE: "server_error",
}
_CODES = {
    FailureKind.CONTEXT_WINDOW: "context_length_exceeded",
    FailureKind.CONTENT_FILTER: "content_filter",
    FailureKind.BILLING: "insufficient_quota",
    FailureKind.AUTHENTICATION: "invalid_api_key",
    FailureKind.RATE_LIMIT: "rate_limit_exceeded",
    FailureKind.OVERLOADED: "overloaded",
    FailureKind.TIMEOUT: "timeout",
    FailureKind.INCOMPLETE: "stream_incomplete",
}


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Status and body. OpenAI has no status 529: an overloaded server is 503 there."""
    origin = failure.origin if failure.origin and failure.origin.protocol == NAME else None
    status = failure.http_status if origin or failure.http_status != 529 else 503
    if origin and (body := _unchanged(failure, origin)) is not None:
        return status, body
    return status, {"error": write_error(failure)}


def _unchanged(failure: Failure, origin: Origin) -> Fields | None:
    """The body it came with, while it says the same."""
    body = origin.rest.get("body")
    same = isinstance(body, dict) and _read(body, failure.status, {}) == failure
    return dict(body) if same and isinstance(body, dict) else None


def write_error(failure: Failure) -> Fields:
    """The `error` object."""
    own = failure.origin is not None and failure.origin.protocol == NAME
    kind = (failure.type if own else None) or _TYPES.get(failure.kind, "invalid_request_error")
    code = (failure.code if own else None) or _CODES.get(failure.kind)
    return {"message": failure.message, "type": kind, "param": failure.param if own else None, "code": code}
