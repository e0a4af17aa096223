"""Errors, both ways."""

from __future__ import annotations

import pytest
from messages_bodies import CODEC

from tokentape.protocols.canonical.failure import Failure, FailureKind


def body(kind, message="no", **more):
    return {"type": "error", "error": {"type": kind, "message": message}, **more}


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (400, body("invalid_request_error"), FailureKind.INVALID_REQUEST),
        (400, body("invalid_request_error", "prompt is too long: 9 > 8"), FailureKind.CONTEXT_WINDOW),
        (400, body("invalid_request_error", "Your credit balance is too low to"), FailureKind.BILLING),
        (
            400,
            body("invalid_request_error", "Output blocked by content filtering policy"),
            FailureKind.CONTENT_FILTER,
        ),
        (401, body("authentication_error", request_id="req_1"), FailureKind.AUTHENTICATION),
        (402, body("billing_error"), FailureKind.BILLING),
        (403, body("permission_error"), FailureKind.PERMISSION),
        (404, body("not_found_error"), FailureKind.NOT_FOUND),
        (413, body("request_too_large"), FailureKind.TOO_LARGE),
        (429, {**body("rate_limit_error"), "x": None}, FailureKind.RATE_LIMIT),
        (
            500,
            {"type": "error", "error": {"type": "api_error", "message": "no", "details": {}}},
            FailureKind.SERVER,
        ),
        (504, body("timeout_error"), FailureKind.TIMEOUT),
        (529, body("overloaded_error"), FailureKind.OVERLOADED),
        (409, body("error_of_tomorrow"), FailureKind.CONFLICT),
    ],
)
def test_an_error_comes_back_as_it_was(status, told, kind):
    failure = CODEC.read_failure(status, told)
    assert (failure.kind, failure.message, failure.type) == (
        kind,
        told["error"]["message"],
        told["error"]["type"],
    )
    assert CODEC.write_failure(failure) == (status, told)


@pytest.mark.parametrize(
    "told", [None, "no", [], {}, {"error": 1}, {"error": {"message": []}}, {"message": "no"}]
)
def test_anything_is_an_error(told):
    failure = CODEC.read_failure(503, told)
    assert failure.kind is FailureKind.OVERLOADED
    assert failure.message == ("no" if isinstance(told, dict) and "message" in told else "")


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_is_said(kind):
    status, told = CODEC.write_failure(Failure(kind, "no", type="theirs", code="c"))
    assert told["error"]["message"] == "no"
    assert told["error"]["type"].endswith(("_error", "_large"))
    assert (status == 529) is (kind is FailureKind.OVERLOADED)
