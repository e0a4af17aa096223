"""Calls as a gate sees them."""

from __future__ import annotations

from tokentape.gateway.safety import Admitted, Gate, Refusal, SafetyOptions
from tokentape.upstreams.upstream import Secret

JSON = ("content-type", "application/json")
BODY = ("content-length", "10")
HERE = "127.0.0.1"
KEYS = (("team", Secret("team-key")), ("ci", Secret("ci-key")))
OPEN = Gate(SafetyOptions(salt=b"s"))
KEYED = Gate(SafetyOptions(keys=KEYS, salt=b"s"))


def asks(
    gate: Gate = OPEN,
    *fields: tuple[str, str],
    method="POST",
    path="/v1/chat/completions",
    query="",
    address=HERE,
    host="127.0.0.1:8420",
    body=(JSON, BODY),
):
    """What the gate says to a call that is as it should be, but for what a test changes."""
    named = (("host", host),) if host is not None else ()
    return gate.check(method, path, query, (*named, *body, *fields), address)


def refused(result: object, status: int, kind: str) -> str:
    assert isinstance(result, Refusal), result
    assert (result.status, result.kind) == (status, kind)
    assert "\n" not in result.message
    return result.message


def admitted(result: object) -> Admitted:
    assert isinstance(result, Admitted), result
    return result
