"""Calls that failed, by the words of traces: a status, the name of an exception, a message."""

from __future__ import annotations

import re

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.protocols.canonical.failure import STATUS, Failure, FailureKind, kind_of_status

_STATUS = re.compile(
    r"(?:error code:|status(?:[ _]code)?[:= ]|http(?:/\d(?:\.\d)?)?[ :])\s*['\"]?([45]\d\d)\b", re.I
)
_KINDS = (
    (
        FailureKind.RATE_LIMIT,
        re.compile(r"rate.?limit|throttl|too.?many.?requests|resource.?exhausted", re.I),
    ),
    (FailureKind.CONTEXT_WINDOW, re.compile(r"context.?(length|window)", re.I)),
    (FailureKind.AUTHENTICATION, re.compile(r"authentication|unauthori[sz]ed|invalid.?api.?key", re.I)),
    (FailureKind.PERMISSION, re.compile(r"permission.?denied|forbidden|access.?denied", re.I)),
    (FailureKind.NOT_FOUND, re.compile(r"not.?found.?error|model.?not.?found", re.I)),
    (FailureKind.OVERLOADED, re.compile(r"overloaded|service.?unavailable", re.I)),
    (FailureKind.SERVER, re.compile(r"internal.?server|server.?error", re.I)),
    (FailureKind.INVALID_REQUEST, re.compile(r"bad.?request|invalid.?request|unprocessable", re.I)),
)
"""By the names that SDKs give to the replies of providers."""
_LONGEST = 4000


def failure_of(kind: str, message: str, status: int | None = None) -> Failure:
    """The error that the provider told. Raises `LeftOut` where it was none of the provider's, or nobody
    knows: a timeout, a connection, a program that stopped.
    """
    said = message.partition("\nTraceback")[0].strip()[:_LONGEST]
    if status is None and kind.isdigit() and len(kind) == 3:
        status = int(kind)
    if status is None and (found := _STATUS.search(said)):
        status = int(found[1])
    if status is not None and 400 <= status < 600:
        return Failure(_said(kind, said, status) or kind_of_status(status), said or kind or "error", status)
    told = _said(kind, said, None)
    if told is None:
        name = kind or said.partition("(")[0].partition(":")[0][:60]
        raise LeftOut(f"it failed without a reply ({name or 'no word why'})")
    return Failure(told, said or kind, STATUS[told])


def _said(kind: str, message: str, status: int | None) -> FailureKind | None:
    """The kind that name and message tell, if it fits the status."""
    words = f"{kind} {message[:200]}"
    return next(
        (found for found, told in _KINDS if told.search(words) and status in (None, STATUS[found])), None
    )
