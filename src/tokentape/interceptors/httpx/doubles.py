"""Mocks that put a function of theirs below httpx's clients, and may answer in place of a server.

respx replaces the methods of httpcore's pools, pytest-httpx those of httpx's transports. Such a function is
known by the package it comes from. While one is in place, nobody can say before the call whether it will
answer or let pass; so calls of models stay ours, and everything else is the mock's (as with any transport of
an unknown class).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

DOUBLES = frozenset({"respx", "pytest_httpx"})
METHODS = ("handle_request", "handle_async_request")


def double_of(transport: object) -> str | None:
    """The name of the package whose mock sits below `transport`, or None."""
    for owner in (type(transport), type(getattr(transport, "_pool", None))):
        for method in METHODS:
            package: str = getattr(getattr(owner, method, None), "__module__", "").partition(".")[0]
            if package in DOUBLES:
                return package
    return None


def why_not_recorded(transport: object, response: httpx.Response) -> str | None:
    """Why a reply is no recording: a mock gave it. None where it came over a connection, or may have."""
    if "network_stream" in response.extensions:
        return None
    double = double_of(transport)
    return None if double is None else f"was answered by a mock of {double}: let it pass through to record it"
