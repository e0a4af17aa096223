"""Who may ask: each rule by its words."""

from __future__ import annotations

import asyncio

import pytest
from gw_asks import BODY, JSON, KEYED, KEYS, OPEN, admitted, asks, refused

from tokentape.errors import UsageError
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.receiving import Refused, body_of
from tokentape.gateway.safety import Admitted, Gate, Preflight, Refusal, SafetyOptions, is_loopback
from tokentape.upstreams.upstream import Secret

# A bind that others can reach


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gateway.internal", "", "10.0.0.1", "[::]"])
def test_a_bind_that_others_can_reach_wants_a_key(host):
    with pytest.raises(UsageError, match="no key is set"):
        Gate(SafetyOptions(host=host))
    assert Gate(SafetyOptions(host=host, keys=KEYS))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost", "LOCALHOST", "/run/tokentape.sock"]
)
def test_loopback_and_unix_sockets_may_do_without(host):
    assert Gate(SafetyOptions(host=host))


def test_without_keys_only_this_machine_is_served_whatever_the_server_is_bound_to():
    for address in ("192.168.1.7", "8.8.8.8", "fe80::1", "testclient"):
        assert "only this machine" in refused(asks(address=address), 403, "address")
        assert admitted(asks(KEYED, ("x-api-key", "ci-key"), address=address))
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", None):
        assert admitted(asks(address=address))


# The Host header: DNS rebinding


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:8420",
        "LocalHost",
        "localhost.",
        "[::1]:8420",
        "[::1]",
        "app.localhost:80",
        "127.9.9.9",
    ],
)
def test_a_name_of_this_machine_is_served(host):
    assert admitted(asks(host=host))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "192.168.1.5",
        "0.0.0.0",
        "2130706433",
        "",
        "[fe80::1]",
        "127.0.0.1@evil.example",
    ],
)
def test_a_page_whose_name_was_pointed_here_is_not_served(host):
    assert "add it to hosts under [server]" in refused(asks(host=host), 403, "host")
    assert isinstance(asks(KEYED, ("x-api-key", "ci-key"), host=host), Refusal)


def test_names_that_were_allowed_are_served():
    gate = Gate(SafetyOptions(allowed_hosts=("Gateway.Internal", "*.lab.example")))
    for host in (
        "gateway.internal:8420",
        "GATEWAY.internal.",
        "a.lab.example",
        "a.b.lab.example",
        "localhost",
    ):
        assert admitted(asks(gate, host=host))
    for host in ("lab.example", "other.internal", "xlab.example"):
        refused(asks(gate, host=host), 403, "host")


def test_a_request_names_one_host():
    refused(asks(host=None), 400, "host")
    refused(asks(OPEN, ("host", "evil.example")), 400, "headers")


def test_where_others_reach_it_keys_keep_pages_out_and_names_are_the_networks():
    gate = Gate(SafetyOptions(host="0.0.0.0", keys=KEYS))
    assert admitted(asks(gate, ("x-api-key", "ci-key"), host="10.1.2.3:8420"))
    refused(asks(gate, host="10.1.2.3:8420"), 401, "key")
    strict = Gate(SafetyOptions(host="0.0.0.0", keys=KEYS, allowed_hosts=("gw.example",)))
    refused(asks(strict, ("x-api-key", "ci-key"), host="10.1.2.3:8420"), 403, "host")
    assert admitted(asks(strict, ("x-api-key", "ci-key"), host="gw.example"))


# Pages


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:9",
        "null",
        "chrome-extension://x",
        "http://127.0.0.1:8420.evil.example",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS", "DELETE"])
def test_a_web_page_cannot_spend_money(origin, method):
    message = refused(asks(OPEN, ("origin", origin), method=method), 403, "origin")
    assert "add it to origins under [server]" in message


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site"])
def test_a_page_of_another_site_cannot_ask_without_an_origin_either(site):
    refused(asks(OPEN, ("sec-fetch-site", site), method="GET", body=()), 403, "origin")


def test_what_is_typed_into_a_browser_and_the_gateways_own_pages_are_served():
    assert admitted(asks(OPEN, ("sec-fetch-site", "none"), method="GET", path="/usage", body=()))
    own = asks(OPEN, ("origin", "http://127.0.0.1:8420"), ("sec-fetch-site", "same-origin"))
    assert admitted(own)
    refused(asks(OPEN, ("origin", "http://localhost:8420")), 403, "origin")


PREFLIGHT = (("origin", "https://app.example"), ("access-control-request-method", "POST"))


def test_a_preflight_gets_no_grant_unless_configured():
    refused(asks(OPEN, *PREFLIGHT, method="OPTIONS", body=()), 403, "origin")
    gate = Gate(SafetyOptions(keys=KEYS, allowed_origins=("https://APP.example/",)))
    told = asks(gate, *PREFLIGHT, method="OPTIONS", body=())
    assert isinstance(told, Preflight)
    assert ("Access-Control-Allow-Origin", "https://app.example") in told.headers
    assert not any(value == "*" and name == "Access-Control-Allow-Origin" for name, value in told.headers)


def test_an_allowed_page_may_ask_and_read():
    gate = Gate(SafetyOptions(allowed_origins=("https://app.example",)))
    told = admitted(asks(gate, ("origin", "https://app.example"), ("sec-fetch-site", "cross-site")))
    assert ("Access-Control-Allow-Origin", "https://app.example") in told.grant
    refused(asks(gate, ("origin", "https://app.example.evil")), 403, "origin")
    every = Gate(SafetyOptions(allowed_origins=("*",)))
    assert admitted(asks(every, ("origin", "https://any.example")))
    refused(asks(every, ("origin", "null")), 403, "origin")


def test_a_call_that_is_no_pages_gets_no_grant():
    assert admitted(asks()).grant == ()


# Bodies


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.x+json",
        "application/x-amz-json-1.1",
    ],
)
def test_json_is_taken(kind):
    assert admitted(asks(body=(("content-type", kind), BODY)))


FORMS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain;application/json",
    "text/html",
    "application/jsonx",
    "",
]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("length", [BODY, ("transfer-encoding", "chunked")], ids=["length", "chunked"])
def test_what_a_form_can_send_is_not_taken(kind, length):
    message = refused(asks(body=(("content-type", kind), length)), 415, "content_type")
    assert "Content-Type: application/json" in message


def test_a_body_must_say_what_it_is():
    assert "does not say" in refused(asks(body=(BODY,)), 415, "content_type")
    assert admitted(asks(body=(), path="/v1/responses/resp_1/cancel"))
    assert admitted(asks(body=(("content-length", "0"),)))


UPLOADS = [
    "/v1/files",
    "/v1/audio/transcriptions",
    "/v1/images/edits",
    "/v1/uploads/u/parts",
    "/v1/videos",
    "/upload/v1beta/files",
]


@pytest.mark.parametrize("path", UPLOADS)
def test_files_are_sent_as_multipart_where_files_are_sent(path):
    assert admitted(asks(path=path, body=(("content-type", "multipart/form-data; boundary=x"), BODY)))
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        refused(asks(path=path, body=(("content-type", kind), BODY)), 415, "content_type")


@pytest.mark.parametrize("path", ["/v1/chat/completions/files", "/v1/messages", "/files", "/v1/filesystem"])
def test_and_nowhere_else(path):
    refused(
        asks(path=path, body=(("content-type", "multipart/form-data; boundary=x"), BODY)), 415, "content_type"
    )


def test_a_body_that_says_it_is_too_long_is_not_read():
    gate = Gate(SafetyOptions(body_limit=100))
    assert admitted(asks(gate, body=(JSON, ("content-length", "100"))))
    refused(asks(gate, body=(JSON, ("content-length", "101"))), 413, "body")


def receiving(*messages: dict, then: str = "wait"):
    waiting = list(messages)

    async def receive():
        if waiting:
            return waiting.pop(0)
        return await asyncio.Event().wait()

    return receive


def piece(data: bytes, more: bool) -> dict:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes():
    chunked = (("transfer-encoding", "chunked"),)
    pieces = [piece(b"x" * 60, True), piece(b"x" * 41, True)]
    with pytest.raises(Refused) as told:
        asyncio.run(body_of(receiving(*pieces), chunked, 100, 5.0))
    assert told.value.status == 413
    fitting = [piece(b"x" * 60, True), piece(b"x" * 40, False)]
    assert len(asyncio.run(body_of(receiving(*fitting), chunked, 100, 5.0)) or b"") == 100
    with pytest.raises(Refused):
        asyncio.run(body_of(receiving(piece(b"x" * 101, False)), (), 100, 5.0))


@pytest.mark.parametrize("pieces", [(), (piece(b"{", True),)], ids=["no-byte", "one-byte"])
def test_a_body_that_does_not_come_is_not_waited_for(pieces):
    with pytest.raises(Refused) as told:
        asyncio.run(body_of(receiving(*pieces), (("content-length", "10"),), 100, 0.01))
    assert told.value.status == 408


def test_a_client_that_leaves_within_its_body_is_gone():
    with pytest.raises(ClientGone):
        asyncio.run(body_of(receiving(piece(b"{", True), {"type": "http.disconnect"}), (), 100, 5.0))


def test_header_fields_have_a_number_and_a_size():
    gate = Gate(SafetyOptions(header_count=10, header_limit=1000))
    refused(asks(gate, *((f"x-{n}", "v") for n in range(10))), 431, "headers")
    refused(asks(gate, ("x-long", "v" * 1000)), 431, "headers")
    assert admitted(asks(gate, ("x-long", "v" * 500)))


@pytest.mark.parametrize("name", ["content-type", "content-length", "origin"])
def test_what_decides_stands_there_once(name):
    refused(asks(OPEN, (name, "application/json"), (name, "x"), body=()), 400, "headers")


# Watching the server


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_who_watches_the_server_needs_no_key(path):
    assert admitted(asks(KEYED, method="GET", path=path, host="10.0.0.7", address="10.0.0.1", body=()))
    assert isinstance(asks(KEYED, method="POST", path=path), Refusal)
    assert isinstance(asks(KEYED, method="GET", path=path + "x", body=()), Refusal)


def test_names_that_only_look_like_this_machine():
    for name in ("localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"):
        assert is_loopback(name)
    for name in ("localhost.example", "127.0.0.1.example", "::ffff:10.0.0.1", "0.0.0.0", "", "127.1"):
        assert not is_loopback(name)


def test_what_was_admitted_once_is_judged_anew_where_anything_but_the_length_differs():
    gate = Gate(SafetyOptions(body_limit=1000))
    asks = (("host", "localhost"), ("content-type", "application/json"))
    taken = gate.check("POST", "/v1/messages", "", (*asks, ("content-length", "10")), "127.0.0.1")
    assert gate.check("POST", "/v1/messages", "", (*asks, ("content-length", "99")), "127.0.0.1") is taken
    for headers, address in (
        ((*asks, ("content-length", "9999")), "127.0.0.1"),
        ((*asks, ("content-length", "10")), "10.0.0.1"),
        ((*asks, ("content-length", "10"), ("origin", "http://elsewhere.example")), "127.0.0.1"),
        ((("host", "elsewhere.example"), *asks[1:], ("content-length", "10")), "127.0.0.1"),
        ((asks[0], ("content-type", "text/plain"), ("content-length", "10")), "127.0.0.1"),
    ):
        assert isinstance(gate.check("POST", "/v1/messages", "", headers, address), Refusal)


def test_no_key_is_kept_with_what_was_admitted():
    gate = Gate(SafetyOptions(keys=(("ci", Secret("sk-gateway")),)))
    headers = (("host", "localhost"), ("authorization", "Bearer sk-gateway"), ("x-api-key", "sk-provider"))
    for _ in range(2):
        assert isinstance(gate.check("GET", "/v1/models", "", headers, "127.0.0.1"), Admitted)
    assert gate._admitted
    assert "sk-" not in repr(gate._admitted)


def test_fields_that_look_like_others_when_run_together_are_told_apart():
    gate = Gate(SafetyOptions())
    split = (("host", "localhost"), ("origin", "http://elsewhere.example"))
    joined = (("host", "localhost\0origin\0http://elsewhere.example"),)
    for headers in (split, joined):
        assert isinstance(gate.check("GET", "/v1/models", "", headers, "127.0.0.1"), Refusal)
    assert not gate._admitted
