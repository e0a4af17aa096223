"""Errors: the names of exceptions, statuses, and what they mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.bedrock_converse.failures import read_exception, write_exception
from tokentape.protocols.canonical.failure import Failure, FailureKind

STONES = Path(__file__).parents[2] / "rosetta" / "bedrock.converse" / "errors.json"
ERRORS = json.loads(STONES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("status", "body"), ERRORS.items())
def test_an_error_comes_back(status, body):
    failure = CODEC.read_failure(int(status), body)
    assert failure.message == "no"
    assert failure.type == body["__type"]
    assert CODEC.write_failure(failure) == (int(status), body)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"message": "Input is too long for requested model."}, FailureKind.CONTEXT_WINDOW),
        (400, {"message": "The provided model identifier is invalid."}, FailureKind.INVALID_REQUEST),
        (403, {"message": "The security token included in the request is expired"}, FailureKind.PERMISSION),
        (403, {"__type": "ExpiredTokenException", "Message": "x"}, FailureKind.AUTHENTICATION),
        (429, {"__type": "com.amazon#ThrottlingException:http://x", "message": "x"}, FailureKind.RATE_LIMIT),
        (429, {"__type": "ModelNotReadyException", "message": "x"}, FailureKind.OVERLOADED),
        (
            424,
            {"__type": "ModelErrorException", "message": "x", "originalStatusCode": 500},
            FailureKind.SERVER,
        ),
        (408, {"message": "x"}, FailureKind.TIMEOUT),
        (404, {"message": "x"}, FailureKind.NOT_FOUND),
        (503, {"message": None}, FailureKind.OVERLOADED),
        (500, {"__type": 5, "message": "x"}, FailureKind.SERVER),
        (500, {}, FailureKind.SERVER),
    ],
    ids=str,
)
def test_kinds(status, body, kind):
    failure = CODEC.read_failure(status, body)
    assert failure.kind is kind
    assert CODEC.write_failure(failure) == (status, body)


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        (FailureKind.CONTEXT_WINDOW, 400, "ValidationException"),
        (FailureKind.AUTHENTICATION, 403, "UnrecognizedClientException"),
        (FailureKind.RATE_LIMIT, 429, "ThrottlingException"),
        (FailureKind.OVERLOADED, 503, "ServiceUnavailableException"),
        (FailureKind.SERVER, 500, "InternalServerException"),
        (FailureKind.INCOMPLETE, 424, "ModelErrorException"),
    ],
)
def test_errors_of_others_get_the_exception_and_its_status(kind, status, name):
    assert CODEC.write_failure(Failure(kind, "no", 529)) == (status, {"__type": name, "message": "no"})


def test_exceptions_in_streams():
    told = {"message": "x", "originalStatusCode": 500, "originalMessage": "y"}
    failure = read_exception("modelStreamErrorException", told)
    assert failure.kind is FailureKind.SERVER
    assert write_exception(failure) == ("modelStreamErrorException", told)
    assert read_exception("throttlingException", {}).kind is FailureKind.RATE_LIMIT
    assert read_exception("newException", {"message": 5}) == Failure(
        FailureKind.SERVER, "", type="newException"
    )
    assert write_exception(Failure(FailureKind.NOT_FOUND, "x")) == ("validationException", {"message": "x"})
