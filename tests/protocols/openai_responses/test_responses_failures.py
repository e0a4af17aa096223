"""Errors as bodies of a status of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.openai_responses.codec import CODEC

ERRORS = Path(__file__).parents[2] / "rosetta" / "openai.responses" / "errors.json"


@pytest.mark.parametrize(("status", "body"), json.loads(ERRORS.read_text(encoding="utf-8")).items())
def test_an_error_comes_back_as_it_was(status, body):
    failure = CODEC.read_failure(int(status), body)
    assert failure.message == "no"
    assert CODEC.write_failure(failure) == (int(status), body)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "context_length_exceeded"}, FailureKind.CONTEXT_WINDOW),
        (400, {"code": "invalid_image_url"}, FailureKind.INVALID_REQUEST),
        (401, {"code": "invalid_api_key"}, FailureKind.AUTHENTICATION),
        (403, {"code": "unsupported_country_region_territory"}, FailureKind.PERMISSION),
        (404, {"code": None}, FailureKind.NOT_FOUND),
        (429, {"code": "insufficient_quota"}, FailureKind.BILLING),
        (429, {"type": "insufficient_quota"}, FailureKind.BILLING),
        (429, {}, FailureKind.RATE_LIMIT),
        (503, {"code": "server_is_overloaded"}, FailureKind.OVERLOADED),
    ],
)
def test_kinds(status, error, kind):
    assert CODEC.read_failure(status, {"error": {"message": "no", **error}}).kind is kind


def test_errors_of_others_in_the_shape_of_this():
    assert CODEC.write_failure(Failure(FailureKind.CONTEXT_WINDOW, "too long", param="input")) == (
        400,
        {
            "error": {
                "message": "too long",
                "type": "invalid_request_error",
                "param": "input",
                "code": "context_length_exceeded",
            }
        },
    )


@pytest.mark.parametrize("body", [{"error": "no"}, {"message": "no"}, {"error": {"message": "no", "x": 1}}])
def test_odd_bodies(body):
    failure = CODEC.read_failure(400, body)
    assert failure.message == "no"
    assert CODEC.write_failure(failure) == (400, body)
