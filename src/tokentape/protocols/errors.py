"""Error replies in the shapes of the dialects.

Whatever the shape, `message` and `detail` also stand at the top: clients that fall back to one of them
then show the text too. Status 400 with `x-should-retry: false` is the one pair no SDK retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def error_type(status: int) -> str:
    """The `type` OpenAI and Anthropic give for a status."""
    return _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def openai_error(message: str, status: int) -> dict[str, Json]:
    """OpenAI and every server compatible with it."""
    inner: dict[str, Json] = {"message": message, "type": error_type(status), "param": None, "code": None}
    return {"error": inner}


def anthropic_error(message: str, status: int) -> dict[str, Json]:
    """Anthropic Messages."""
    return {"type": "error", "error": {"type": error_type(status), "message": message}}


def google_error(message: str, status: int) -> dict[str, Json]:
    """Gemini and Vertex: `google.rpc.Status` as JSON."""
    name = _GOOGLE.get(status, "INTERNAL" if status >= 500 else "FAILED_PRECONDITION")
    return {"error": {"code": status, "message": message, "status": name}}


def aws_error(message: str, status: int) -> dict[str, Json]:
    """AWS REST-JSON: the exception's name is in `__type` and in the header `x-amzn-errortype`."""
    name = "ValidationException" if status < 500 else "InternalServerException"
    return {"__type": name, "message": message}


def ollama_error(message: str, status: int) -> dict[str, Json]:
    """Ollama: the text alone under `error`."""
    del status
    return {"error": message}


def message_error(message: str, status: int) -> dict[str, Json]:
    """Cohere and others that only say `message`."""
    del status
    return {"message": message}
