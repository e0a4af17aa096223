"""OpenAI's error object, shared by Chat, Responses, embeddings and the rest of /v1."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

TYPES = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    503: ("service_unavailable", None),
}


def openai_error(status: int, message: str) -> dict[str, Json]:
    """The error object: type and code by status, as the platform's error guide lists them."""
    default = "invalid_request_error" if status < 500 else "server_error"
    kind, code = TYPES.get(status, (default, None))
    return {"message": message, "type": kind, "param": None, "code": code}
