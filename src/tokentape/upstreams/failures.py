"""What one try came to, as the plan of attempts judges it: a class, and how long to stay away."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.upstreams import retry_after as waits
from tokentape.wire.interaction import How
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.upstreams.sending import SendFailed
    from tokentape.upstreams.upstream import AuthFailed
    from tokentape.wire.message import Headers, Response


class FailureClass(StrEnum):
    """What went wrong, as far as the next attempt depends on it."""

    rate_limit = "rate_limit"
    """Too many calls or tokens, for a while."""
    quota_exceeded = "quota_exceeded"
    """What this key may use in a day or a month is used up."""
    billing = "billing"
    """The account of this key has no money."""
    authentication = "authentication"
    forbidden = "forbidden"
    credential_reauth_needed = "credential_reauth_needed"
    """No token could be had for this key."""
    server_error = "server_error"
    overloaded = "overloaded"
    api_connection = "api_connection"
    timeout = "timeout"
    incomplete = "incomplete"
    """The reply broke off before its end."""
    unsupported_operation = "unsupported_operation"
    """This target cannot do it, or a translation to it would change the meaning; another may."""
    not_found = "not_found"
    conflict = "conflict"
    invalid_request = "invalid_request"
    context_window_exceeded = "context_window_exceeded"
    content_filter = "content_filter"
    too_large = "too_large"
    pre_request = "pre_request"
    """The gateway itself refused the call before it was sent: a rule, a guard, a budget."""
    configuration_error = "configuration_error"
    cancelled = "cancelled"
    """The client went."""


KEY_FAILURES = frozenset(
    {
        FailureClass.rate_limit,
        FailureClass.quota_exceeded,
        FailureClass.billing,
        FailureClass.authentication,
        FailureClass.forbidden,
        FailureClass.credential_reauth_needed,
    }
)
"""Failures of one key: another key of the same upstream may do."""

SERVER_FAILURES = frozenset(
    {
        FailureClass.server_error,
        FailureClass.overloaded,
        FailureClass.api_connection,
        FailureClass.timeout,
        FailureClass.incomplete,
    }
)
"""Failures of the server or the way to it: the same again, a little later, may do."""

DEAD = frozenset({FailureClass.authentication, FailureClass.forbidden, FailureClass.credential_reauth_needed})
"""Failures that waiting does not mend: a person does."""


@quick
@dataclass(frozen=True, slots=True)
class Succeeded:
    """A reply came, or began to be shown; as a verdict: there is nothing left to try."""

    status: int = 200


@dataclass(frozen=True, slots=True)
class Failed:
    """A try failed. `retry_after`: seconds the provider asked to stay away. `visible`: output was shown, so
    that nothing may follow it. `reached` False: no byte of the request can have arrived. `failure`: what to
    tell the client if it is the last; `reply`: what the server answered, where the client can have it as it
    came; `headers`: those of that answer, for what they say of limits.
    """

    kind: FailureClass
    message: str = ""
    status: int | None = None
    retry_after: float | None = None
    visible: bool = False
    reached: bool = True
    failure: Failure | None = None
    reply: Response | None = field(default=None, repr=False)
    headers: Headers = field(default=(), repr=False)


Heard = Succeeded | Failed

_CLASSES = {
    FailureKind.INVALID_REQUEST: FailureClass.invalid_request,
    FailureKind.CONTEXT_WINDOW: FailureClass.context_window_exceeded,
    FailureKind.CONTENT_FILTER: FailureClass.content_filter,
    FailureKind.TOO_LARGE: FailureClass.too_large,
    FailureKind.AUTHENTICATION: FailureClass.authentication,
    FailureKind.BILLING: FailureClass.billing,
    FailureKind.PERMISSION: FailureClass.forbidden,
    FailureKind.NOT_FOUND: FailureClass.not_found,
    FailureKind.CONFLICT: FailureClass.conflict,
    FailureKind.RATE_LIMIT: FailureClass.rate_limit,
    FailureKind.TIMEOUT: FailureClass.timeout,
    FailureKind.SERVER: FailureClass.server_error,
    FailureKind.OVERLOADED: FailureClass.overloaded,
    FailureKind.UNSUPPORTED: FailureClass.unsupported_operation,
    FailureKind.INCOMPLETE: FailureClass.incomplete,
}
_LIMITING = (FailureClass.rate_limit, FailureClass.quota_exceeded)


def of_status(
    status: int, headers: Headers, failure: Failure | None = None, *, clock: Callable[[], float] = time.time
) -> Failed:
    """What an error reply came to. `clock` is wall time, for dates where the reply has no date of its own."""
    told = failure or Failure(kind_of_status(status), f"the server answered with status {status}", status)
    kind = _kind(status, told)
    limiting = kind in _LIMITING
    wait = waits.asked(headers, told, clock, by_windows=limiting)
    return Failed(kind, told.message, status, wait, failure=told, headers=headers)


def of_told(failure: Failure, *, visible: bool = False) -> Failed:
    """What an error inside a reply with a good status came to."""
    wait = waits.in_failure(failure)
    return Failed(_kind(None, failure), failure.message, failure.status, wait, visible, failure=failure)


def _kind(status: int | None, failure: Failure) -> FailureClass:
    if status is not None and 300 <= status < 400:
        return FailureClass.configuration_error  # nothing follows redirects: the base URL is wrong
    if status in (405, 501):
        return FailureClass.unsupported_operation
    kind = _CLASSES[failure.kind]
    if kind is FailureClass.billing and status == 429:
        return FailureClass.quota_exceeded  # OpenAI's "insufficient_quota"
    if kind is FailureClass.rate_limit and waits.is_quota(failure):
        return FailureClass.quota_exceeded
    return kind


_WIRE = {
    How.READ_TIMEOUT: FailureClass.timeout,
    How.WRITE_TIMEOUT: FailureClass.timeout,
    How.CONNECT_TIMEOUT: FailureClass.api_connection,
    How.CONNECT_ERROR: FailureClass.api_connection,
    How.TLS_ERROR: FailureClass.api_connection,
    How.CANCELLED: FailureClass.cancelled,
    How.CLOSED_BY_CALLER: FailureClass.cancelled,
}
_TOLD = {
    FailureClass.timeout: FailureKind.TIMEOUT,
    FailureClass.incomplete: FailureKind.INCOMPLETE,
}


def of_wire(failed: SendFailed, *, begun: bool = False, visible: bool = False) -> Failed:
    """What a failure of the wire came to. `begun`: the head of a reply had come, so a cut is an incomplete
    reply; before it, a broken connection.
    """
    kind = _WIRE.get(failed.how, FailureClass.incomplete if begun else FailureClass.api_connection)
    told = Failure(_TOLD.get(kind, FailureKind.SERVER), failed.message)
    if told.kind is FailureKind.SERVER:
        told = replace(told, status=502)  # it is not this server that failed (RFC 9110, 15.6.3)
    return Failed(kind, failed.message, visible=visible, reached=failed.reached, failure=told)


def of_auth(failed: AuthFailed) -> Failed:
    """No token could be had, so nothing was sent."""
    told = Failure(FailureKind.AUTHENTICATION, str(failed))
    return Failed(FailureClass.credential_reauth_needed, str(failed), reached=False, failure=told)
