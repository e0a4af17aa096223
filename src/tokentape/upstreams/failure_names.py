"""Names under which failures are known: in a configuration, and in the bodies of providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.failures import FailureClass as F

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIASES = {
    F.rate_limit: "429 rate_limited rate_limit_error rate_limit_exceeded too_many_requests throttled",
    F.quota_exceeded: "quota insufficient_quota quota_error resource_exhausted usage_limit_reached",
    F.billing: "402 billing_error payment_required insufficient_credits",
    F.authentication: "401 auth authentication_error unauthorized unauthenticated invalid_api_key",
    F.forbidden: "403 permission permission_denied permission_error access_denied",
    F.credential_reauth_needed: "reauth reauth_needed token_expired",
    F.server_error: "5xx 500 502 server internal internal_server_error internal_error api_error bad_gateway",
    F.overloaded: "503 529 overloaded_error service_unavailable unavailable engine_overloaded",
    F.api_connection: "connection connection_error api_connection_error connect_error network network_error",
    F.timeout: "408 504 timeout_error api_timeout deadline_exceeded gateway_timeout",
    F.incomplete: "stream_incomplete cut incomplete_stream",
    F.unsupported_operation: "405 501 unsupported unimplemented not_implemented method_not_allowed",
    F.not_found: "404 not_found_error model_not_found",
    F.conflict: "409 conflict_error aborted",
    F.invalid_request: "400 422 bad_request invalid_argument invalid_request_error validation_error",
    F.context_window_exceeded: "context_window context_length_exceeded context_length prompt_too_long",
    F.content_filter: "content_policy content_policy_violation safety",
    F.too_large: "413 request_too_large payload_too_large",
    F.pre_request: "pre_request_callback_error pre_request_error",
    F.configuration_error: "configuration config config_error",
    F.cancelled: "canceled 499 client_gone",
}
NAMES: dict[str, F] = {
    name: kind for kind, others in _ALIASES.items() for name in (kind.value, *others.split())
}
"""Every name, as it is written in lower case."""


def class_of(name: str | int) -> F | None:
    """The class that a name, an alias or a status means; None for none."""
    return NAMES.get(str(name).strip().lower().replace("-", "_").replace(" ", "_"))


def classes_of(names: Iterable[str | int], where: str) -> frozenset[F]:
    """The classes of several names. `where` names the setting, for the error about an unknown one."""
    found = {name: class_of(name) for name in names}
    unknown = sorted(str(name) for name, kind in found.items() if kind is None)
    if unknown:
        known = ", ".join(kind.value for kind in F)
        raise UsageError(f"{where}: {', '.join(unknown)} names no failure; use some of {known}")
    return frozenset(kind for kind in found.values() if kind is not None)
