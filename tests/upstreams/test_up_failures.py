"""What a reply, a failure of the wire or a refused token came to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.protocols.anthropic_messages import failures as anthropic
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.gemini import failures as gemini
from tokentape.protocols.openai_chat import failures as chat
from tokentape.upstreams.durations import LONGEST, span, until
from tokentape.upstreams.failure_names import NAMES, class_of
from tokentape.upstreams.failures import FailureClass, of_auth, of_status, of_told, of_wire
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.interaction import How

NOW = 1_700_000_000.0


def judged(status, *headers, failure=None):
    return of_status(status, headers, failure, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, "configuration_error"),
        (400, "invalid_request"),
        (401, "authentication"),
        (402, "billing"),
        (403, "forbidden"),
        (404, "not_found"),
        (405, "unsupported_operation"),
        (408, "timeout"),
        (409, "conflict"),
        (413, "too_large"),
        (422, "invalid_request"),
        (429, "rate_limit"),
        (500, "server_error"),
        (501, "unsupported_operation"),
        (502, "server_error"),
        (503, "overloaded"),
        (504, "timeout"),
        (529, "overloaded"),
    ],
)
def test_what_a_status_says(status, kind):
    assert judged(status).kind == kind
    assert judged(status).status == status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("Retry-After", "7"),), 7),
        ((("retry-after", "0.25"),), 0.25),
        ((("Retry-After-Ms", "1500"), ("Retry-After", "7")), 1.5),
        ((("Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT"),), 30),
        ((("Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT"), ("Date", "Tue, 14 Nov 2023 22:13:45 GMT")), 5),
        ((("Retry-After", "Tue, 14 Nov 2023 22:00:00 GMT"),), 0),
        ((("Retry-After", "-5"),), 0),
        ((("Retry-After", "soon"),), None),
        ((("Retry-After", ""),), None),
        ((("Retry-After", "9" * 400),), None),
        ((("Retry-After", "99999999999"),), LONGEST),
        (
            (
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "6m0s"),
                ("x-ratelimit-remaining-tokens", "12"),
                ("x-ratelimit-reset-tokens", "10m"),
            ),
            360,
        ),
        (
            (
                ("anthropic-ratelimit-tokens-remaining", "0"),
                ("anthropic-ratelimit-tokens-reset", "2023-11-14T22:13:55Z"),
            ),
            35,
        ),
        ((("X-RateLimit-Reset", "1700000009000"),), 9),
        ((("X-RateLimit-Reset", "1700000009"),), 9),
        ((("ratelimit-remaining", "3"), ("ratelimit-reset", "50")), None),
        ((("anthropic-ratelimit-unified-5h-reset", "1700009000"),), None),
    ],
)
def test_how_long_a_limit_asks_to_be_left_alone(headers, seconds):
    assert judged(429, *headers).retry_after == seconds


def test_a_date_is_read_by_the_servers_own_clock():
    far_off = (("Date", "Tue, 14 Nov 2023 22:13:20 GMT"), ("Retry-After", "Tue, 14 Nov 2023 22:13:30 GMT"))
    assert of_status(503, far_off, clock=lambda: 0.0).retry_after == 10


def test_windows_say_nothing_about_an_error_that_is_no_limit():
    assert judged(500, ("x-ratelimit-reset", "60")).retry_after is None
    assert judged(500, ("retry-after", "60")).retry_after == 60


GEMINI = {
    "error": {
        "code": 429,
        "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "details": [
            {
                "@type": "QuotaFailure",
                "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
            },
            {"@type": "RetryInfo", "retryDelay": "34.07s"},
        ],
    }
}


def test_gemini_says_when_and_which_quota_in_its_body():
    failed = judged(429, failure=gemini.read_failure(429, GEMINI))
    assert (failed.kind, failed.retry_after) == ("quota_exceeded", 34.07)


def test_gemini_says_quota_of_a_minutes_limit_too():
    body = {
        "error": {
            **GEMINI["error"],
            "details": [{"violations": [{"quotaId": "GenerateContentPerMinutePerModel"}]}],
        }
    }
    assert judged(429, failure=gemini.read_failure(429, body)).kind == "rate_limit"


@pytest.mark.parametrize(
    ("message", "kind", "seconds"),
    [
        (
            "Rate limit reached for gpt-5 on tokens per min (TPM). Please try again in 6m0s.",
            "rate_limit",
            360,
        ),
        (
            "Rate limit reached on requests per day (RPD): Limit 200, Used 200. Please try again in 7m12s",
            "quota_exceeded",
            432,
        ),
        ("Rate limit exceeded: free-models-per-day", "quota_exceeded", None),
        ("Please retry in 34.07s.", "rate_limit", 34.07),
        ("Please retry after 20 seconds.", "rate_limit", 20),
        ("Too many requests", "rate_limit", None),
        ("Your quota is used up", "quota_exceeded", None),
    ],
)
def test_what_the_words_of_a_limit_say(message, kind, seconds):
    failed = judged(429, failure=chat.read_failure(429, {"error": {"message": message}}))
    assert (failed.kind, failed.retry_after) == (kind, seconds)


def test_no_money_is_a_quota_or_a_bill_by_its_status():
    body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    assert judged(429, failure=chat.read_failure(429, body)).kind == "quota_exceeded"
    body = {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}
    assert judged(400, failure=anthropic.read_failure(400, body)).kind == "billing"


def test_the_client_gets_the_providers_own_failure():
    told = chat.read_failure(429, {"error": {"message": "slow down"}})
    failed = judged(429, failure=told)
    assert failed.failure is told
    assert failed.message == "slow down"


def test_an_error_inside_a_good_reply():
    failed = of_told(Failure(FailureKind.OVERLOADED, "busy"), visible=True)
    assert (failed.kind, failed.visible, failed.status) == ("overloaded", True, None)


def test_every_kind_of_failure_has_a_class():
    for kind in FailureKind:
        assert of_told(Failure(kind, "")).kind in FailureClass


@pytest.mark.parametrize(
    ("how", "begun", "kind"),
    [
        (How.CONNECT_ERROR, False, "api_connection"),
        (How.CONNECT_TIMEOUT, False, "api_connection"),
        (How.TLS_ERROR, False, "api_connection"),
        (How.READ_TIMEOUT, False, "timeout"),
        (How.RESET, False, "api_connection"),
        (How.RESET, True, "incomplete"),
        (How.CUT, True, "incomplete"),
        (How.PROTOCOL_ERROR, False, "api_connection"),
        (How.CANCELLED, True, "cancelled"),
    ],
)
def test_failures_of_the_wire(how, begun, kind):
    failed = of_wire(SendFailed(how, "it broke", reached=begun), begun=begun)
    assert (failed.kind, failed.reached, failed.message) == (kind, begun, "it broke")
    assert failed.failure is not None


def test_a_token_that_cannot_be_had():
    failed = of_auth(AuthFailed("the command `token` ended with 1"))
    assert (failed.kind, failed.reached) == ("credential_reauth_needed", False)


def test_names_of_failures():
    assert len(NAMES) > 60
    for name, kind in [
        ("401", "authentication"), (403, "forbidden"), ("400", "invalid_request"), (429, "rate_limit"), ("5xx", "server_error"),
        ("Timeout-Error", "timeout"), ("RESOURCE_EXHAUSTED", "quota_exceeded"), ("insufficient_quota", "quota_exceeded"),
        (529, "overloaded"), ("pre_request_callback_error", "pre_request"), ("context_length_exceeded", "context_window_exceeded"),
    ]:  # fmt: skip
        assert class_of(name) == kind
    assert class_of("bad luck") is None
    for kind in FailureClass:
        assert class_of(kind) is kind


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7.66s", 7.66),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723),
        ("20ms", 0.02),
        ("1d", 86400),
        ("12", 12),
        ("", None),
        ("s", None),
    ],
)
def test_spans(told, seconds):
    assert span(told) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=40) | st.from_regex(r"[0-9smhd.: TZ+-]{1,30}", fullmatch=True))
def test_no_header_raises(told):
    for name in ("retry-after", "retry-after-ms", "x-ratelimit-reset", "date"):
        found = judged(429, (name, told)).retry_after
        assert found is None or 0 <= found <= LONGEST
    assert until(told, NOW) is None or 0 <= until(told, NOW) <= LONGEST
