"""An error that a provider told, in canonical form."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.reply import StopReason

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.reply import Stop


class FailureKind(StrEnum):
    """What went wrong, as far as a caller would act on it."""

    INVALID_REQUEST = "invalid_request"
    CONTEXT_WINDOW = "context_window"
    CONTENT_FILTER = "content_filter"
    TOO_LARGE = "too_large"
    AUTHENTICATION = "authentication"
    BILLING = "billing"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    SERVER = "server"
    OVERLOADED = "overloaded"
    UNSUPPORTED = "unsupported"
    INCOMPLETE = "incomplete"
    """The stream ended before its own end."""


STATUS = {
    FailureKind.INVALID_REQUEST: 400,
    FailureKind.CONTEXT_WINDOW: 400,
    FailureKind.CONTENT_FILTER: 400,
    FailureKind.UNSUPPORTED: 400,
    FailureKind.AUTHENTICATION: 401,
    FailureKind.BILLING: 402,
    FailureKind.PERMISSION: 403,
    FailureKind.NOT_FOUND: 404,
    FailureKind.CONFLICT: 409,
    FailureKind.TOO_LARGE: 413,
    FailureKind.RATE_LIMIT: 429,
    FailureKind.SERVER: 500,
    FailureKind.OVERLOADED: 503,
    FailureKind.TIMEOUT: 504,
    FailureKind.INCOMPLETE: 502,
}
"""The status that says it, where the error came without one (in a stream)."""

_KINDS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.BILLING,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.CONFLICT,
    413: FailureKind.TOO_LARGE,
    422: FailureKind.INVALID_REQUEST,
    429: FailureKind.RATE_LIMIT,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}


def kind_of_status(status: int) -> FailureKind:
    """What a status says by itself."""
    return _KINDS.get(status, FailureKind.SERVER if status >= 500 else FailureKind.INVALID_REQUEST)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error. `status` is None where it came inside a stream; `type` and `code` are the provider's own
    words, `param` the field it complains about.
    """

    kind: FailureKind
    message: str
    status: int | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def http_status(self) -> int:
        """Its status, or the one that says the same."""
        return self.status or STATUS[self.kind]


def broken_off(stop: Stop | None) -> Failure | None:
    """The error that a reason to stop tells (Chat's `error`, `abort`); None if it tells none."""
    if stop is None or stop.reason not in (StopReason.ERROR, StopReason.CANCELLED):
        return None
    return Failure(FailureKind.SERVER, f"the reply was broken off: {stop.raw or stop.reason}")
