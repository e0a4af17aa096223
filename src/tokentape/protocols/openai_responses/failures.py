"""Errors, as bodies of a status of their own and inside responses (API guide, "Error codes")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_CODES = {
    "context_length_exceeded": FailureKind.CONTEXT_WINDOW,
    "string_above_max_length": FailureKind.TOO_LARGE,
    "insufficient_quota": FailureKind.BILLING,
    "billing_hard_limit_reached": FailureKind.BILLING,
    "billing_not_active": FailureKind.BILLING,
    "content_filter": FailureKind.CONTENT_FILTER,
    "content_policy_violation": FailureKind.CONTENT_FILTER,
    "image_content_policy_violation": FailureKind.CONTENT_FILTER,
    "bio_policy": FailureKind.CONTENT_FILTER,
    "cyber_policy": FailureKind.CONTENT_FILTER,
    "misalignment_policy_violation": FailureKind.CONTENT_FILTER,
    "rate_limit_exceeded": FailureKind.RATE_LIMIT,
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "model_not_found": FailureKind.NOT_FOUND,
    "previous_response_not_found": FailureKind.NOT_FOUND,
    "server_error": FailureKind.SERVER,
    "server_is_overloaded": FailureKind.OVERLOADED,
    "slow_down": FailureKind.OVERLOADED,
    "vector_store_timeout": FailureKind.TIMEOUT,
    "stream_incomplete": FailureKind.INCOMPLETE,
    "unsupported_parameter": FailureKind.UNSUPPORTED,
    "unsupported_value": FailureKind.UNSUPPORTED,
}
_TYPES = {
    FailureKind.AUTHENTICATION: "authentication_error",
    FailureKind.PERMISSION: "permission_error",
    FailureKind.NOT_FOUND: "not_found_error",
    FailureKind.RATE_LIMIT: "rate_limit_error",
    FailureKind.BILLING: "insufficient_quota",
    FailureKind.SERVER: "server_error",
    FailureKind.OVERLOADED: "server_error",
    FailureKind.TIMEOUT: "server_error",
    FailureKind.INCOMPLETE: "server_error",
}
_WORDS = {
    FailureKind.CONTEXT_WINDOW: "context_length_exceeded",
    FailureKind.CONTENT_FILTER: "content_filter",
    FailureKind.BILLING: "insufficient_quota",
    FailureKind.RATE_LIMIT: "rate_limit_exceeded",
    FailureKind.AUTHENTICATION: "invalid_api_key",
    FailureKind.OVERLOADED: "server_is_overloaded",
}
_INSIDE = {
    FailureKind.RATE_LIMIT: "rate_limit_exceeded",
    FailureKind.BILLING: "rate_limit_exceeded",
    FailureKind.OVERLOADED: "server_error",
    FailureKind.SERVER: "server_error",
    FailureKind.TIMEOUT: "server_error",
    FailureKind.INCOMPLETE: "server_error",
}
"""What the schema knows to say inside a response; all else is an invalid prompt."""

_ERROR = frozenset({"message", "type", "code", "param"})
_CUT = "the stream ended before its end"


def kind_of(code: str, said: str) -> FailureKind | None:
    """What a code, or a type, says; None for one that is not known."""
    if code in _CODES:
        return _CODES[code]
    if code.startswith(("invalid_", "image_", "unsupported_")) or code == "empty_image_file":
        return FailureKind.INVALID_REQUEST
    if said == "insufficient_quota":
        return FailureKind.BILLING
    return None


def read_failure(status: int, body: Json) -> Failure:
    """An error reply. Whatever its body is, it is one."""
    whole = fields(body)
    error = fields(whole.get("error")) or (whole if "error" not in whole else {})
    code, said = error.get("code"), text(error.get("type"))
    message = text(error.get("message")) or text(whole.get("error")) or text(whole.get("message"))
    kind = kind_of(text(code), said)
    if kind is None or (kind is FailureKind.INVALID_REQUEST and status != 400):
        kind = kind_of_status(status)
    return Failure(
        kind,
        message or (body if isinstance(body, str) else ""),
        status,
        said or None,
        text(code) or None,
        text(error.get("param")) or None,
        origin=Origin(NAME, rest=whole),
    )


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """The status and the body. An error that came from here keeps what else it said."""
    status = failure.http_status
    origin = failure.origin
    known = origin.rest if origin is not None and origin.protocol == NAME else {}
    own = bool(known)
    inner: Fields = {
        "message": failure.message,
        "type": failure.type if own else _TYPES.get(failure.kind, "invalid_request_error"),
        "param": failure.param,
        "code": failure.code if own else _WORDS.get(failure.kind),
    }
    if not own:
        return status, {"error": inner}
    error = known.get("error")
    if not isinstance(error, dict):
        return status, {**known, **({} if error is None else {"error": failure.message})}
    said = {name: value for name, value in inner.items() if value is not None or name in error}
    kept = {name: error[name] for name, value in said.items() if value is None}
    return status, {**known, "error": {**error, **said, **kept}}


def read_error(error: Fields, path: tuple[str, ...]) -> Failure:
    """An error inside a response or a stream."""
    code = text(error.get("code"))
    return Failure(
        kind_of(code, text(error.get("type"))) or FailureKind.SERVER,
        text(error.get("message")),
        type=text(error.get("type")) or None,
        code=code or None,
        param=text(error.get("param")) or None,
        origin=Origin(NAME, path, rest_of(error, _ERROR)),
    )


def write_error(failure: Failure) -> Fields:
    """An error inside a response."""
    origin = failure.origin
    if origin is not None and origin.protocol == NAME:
        said = (
            ("code", failure.code),
            ("message", failure.message),
            ("type", failure.type),
            ("param", failure.param),
        )
        return {**origin.rest, **{name: value for name, value in said if value is not None}}
    return {"code": _INSIDE.get(failure.kind, "invalid_prompt"), "message": failure.message}


def cut() -> Failure:
    """A stream that ended before its end."""
    return Failure(FailureKind.INCOMPLETE, _CUT)
