"""Telling a client what went wrong, in its own dialect and with the right status."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.gateway.forwarding import back
from tokentape.gateway.naming import OWN
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.registry import error_reply
from tokentape.protocols.table import dialect_named
from tokentape.wire.message import without

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.protocols.dialect import Operation
    from tokentape.wire.message import Headers, Response

_AGAIN = frozenset({FailureKind.RATE_LIMIT, FailureKind.OVERLOADED, FailureKind.SERVER, FailureKind.TIMEOUT})


def told(
    operation: Operation, failure: Failure, retry_after: float | None = None
) -> tuple[int, Headers, bytes]:
    """Status, headers and body of an error reply.

    Clients are told not to ask again where that cannot help, and when to where somebody knows.
    """
    dialect = dialect_named(operation.dialect)
    headers: list[tuple[str, str]] = [("content-type", "application/json")]
    if dialect is None or dialect.codec is None:
        reply = error_reply(operation, failure.message, status=failure.http_status)
        status, body = reply.status, reply.body or b""
    else:
        status, fields = dialect.codec().write_failure(failure)
        fields.setdefault("message", failure.message)  # what clients show that look at the top only
        body = dumps(fields)
        named = fields.get("__type")  # AWS's clients read the error's name from a header first
        headers += [
            (name, named if isinstance(named, str) else value) for name, value in dialect.error_headers
        ]
    headers.append(("content-length", str(len(body))))
    if retry_after is not None:
        headers.append(("retry-after", str(max(0, math.ceil(retry_after)))))
    if failure.kind not in _AGAIN:
        headers.append(("x-should-retry", "false"))
    return status, tuple(headers), body


async def tell(
    outlet: Outlet,
    operation: Operation,
    failure: Failure,
    more: Headers = OWN,
    retry_after: float | None = None,
) -> int:
    """Send an error reply; the status that was sent. `more`: further headers; `OWN` is among them where no
    provider said so.
    """
    status, headers, body = told(operation, failure, retry_after)
    await outlet.start(status, (*headers, *more))
    await outlet.chunk(body)
    await outlet.end()
    return status


async def tell_as_it_came(
    outlet: Outlet, reply: Response, more: Headers = (), retry_after: float | None = None
) -> int:
    """Send an upstream's own error reply on; the status that was sent."""
    headers, body = back(reply.headers), reply.body or b""
    if retry_after is not None:
        after = str(max(0, math.ceil(retry_after)))
        headers = (*without(headers, "retry-after", "retry-after-ms"), ("retry-after", after))
    await outlet.start(reply.status, (*headers, ("content-length", str(len(body))), *more))
    await outlet.chunk(body)
    await outlet.end()
    return reply.status


def invalid(message: str) -> Failure:
    """What is wrong with a request, as a failure."""
    return Failure(FailureKind.INVALID_REQUEST, message)
