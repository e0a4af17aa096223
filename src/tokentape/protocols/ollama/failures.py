"""Errors: `{"error": "the text"}`, as a reply or as a line of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.ollama.form import NAME
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = frozenset({"error"})

_BY_TEXT = (
    ("not found", FailureKind.NOT_FOUND),
    ("unauthorized", FailureKind.AUTHENTICATION),
    ("context length", FailureKind.CONTEXT_WINDOW),
    ("too many requests", FailureKind.RATE_LIMIT),
    ("server busy", FailureKind.OVERLOADED),
)
"""What a line of a stream, which has no status, is about."""


def read_failure(status: int, body: Json) -> Failure:
    """The error of a reply."""
    return Failure(
        kind_of_status(status),
        message_of(body),
        status,
        origin=Origin(NAME, rest=rest_of(fields(body), _KNOWN)),
    )


def read_line(body: Fields) -> Failure:
    """The error that a stream ended with."""
    message = message_of(body)
    said = message.lower()
    kind = next((kind for part, kind in _BY_TEXT if part in said), FailureKind.SERVER)
    return Failure(kind, message, origin=Origin(NAME, rest=rest_of(body, _KNOWN)))


def message_of(body: Json) -> str:
    """The text, wherever servers and proxies put it."""
    return text(at(body, "error")) or text(at(body, "error", "message")) or text(at(body, "message"))


def write_failure(failure: Failure) -> tuple[int, Fields]:
    """Its status and body."""
    return failure.http_status, failure_body(failure)


def failure_body(failure: Failure) -> Fields:
    """The body, or the line."""
    origin = failure.origin
    rest = origin.rest if origin is not None and origin.protocol == NAME else {}
    return {**rest, "error": failure.message}
