"""The live call of mode verify: sent as the program made it, over whatever leads to the provider."""

from __future__ import annotations

import sys
import threading
from queue import Queue

import pytest
from http1_servers import Tunnel, client_context, tls_front

from tokentape.interceptors import resending
from tokentape.outcomes import Forward
from tokentape.testing.provider import Framing, Script, Send, SendHead, reply
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

PATH = "/v1/chat/completions"


def sent(url, method="POST", headers=(("content-type", "application/json"),), body=b'{"a": 1}'):
    """What came of the call."""
    came: Queue = Queue()
    forward = Forward(Request(method, url, headers, body), 0.0, lambda forward, found: came.put(found))
    resending.resend(forward)
    return came.get(timeout=30)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(resending, "WAITS", (0.0, 0.0))


def test_framing_is_told_anew_and_everything_else_stays(provider):
    provider.play(reply(b"ok"))
    given = (
        ("Authorization", "Bearer k"),
        ("X-Twice", "1"),
        ("X-Twice", "2"),
        ("Transfer-Encoding", "chunked"),
        ("Expect", "100-continue"),
        ("Connection", "keep-alive"),
        ("X-Letters", "Zürich"),
    )
    found = sent(f"{provider.url}{PATH}?a=%20b&c=", headers=given, body=b"x" * 10)
    (seen,) = provider.requests
    assert found.response.body == b"ok"
    assert (seen.target, seen.body, seen.header("content-length")) == (f"{PATH}?a=%20b&c=", b"x" * 10, "10")
    assert [value for name, value in seen.headers if name == "X-Twice"] == ["1", "2"]
    assert seen.header("transfer-encoding") is seen.header("expect") is seen.header("accept-encoding") is None
    assert seen.header("authorization") == "Bearer k"
    assert seen.header("host") == provider.url.removeprefix("http://")


def test_a_host_that_the_program_set_stays(provider):
    provider.play(reply(b"ok"))
    sent(f"{provider.url}{PATH}#part", headers=(("host", "other.test"),), body=None, method="GET")
    (seen,) = provider.requests
    assert (seen.header("host"), seen.body, seen.target) == ("other.test", None, PATH)


def test_over_tls(provider, tmp_path, monkeypatch):
    provider.play(reply(b"ok"))
    with tls_front(provider, tmp_path) as front:
        monkeypatch.setattr(resending, "_tls", lambda: client_context(tmp_path))
        assert sent(front.url + PATH).response.body == b"ok"


def test_a_certificate_that_nobody_vouches_for_is_told(provider, tmp_path):
    with tls_front(provider, tmp_path) as front:
        found = sent(front.url + PATH)
    assert (found.response, found.ended.how) == (None, How.TLS_ERROR)


def test_through_a_tunnel(provider, tmp_path, monkeypatch):
    provider.play(reply(b"ok"))
    with tls_front(provider, tmp_path) as front, Tunnel() as tunnel:
        monkeypatch.setattr(resending, "_tls", lambda: client_context(tmp_path))
        monkeypatch.setattr(resending, "_proxy", lambda url: tunnel.url)
        assert sent(front.url + PATH).response.body == b"ok"
        assert tunnel.asked == [front.authority]


def test_through_a_proxy_for_plain_http(provider, monkeypatch):
    provider.play(reply(b"ok"), times=None)
    monkeypatch.setattr(resending, "_proxy", lambda url: provider.url)
    assert sent("http://api.test/v1/models?x=1").response.body == b"ok"
    assert provider.requests[0].target == "http://api.test/v1/models?x=1"


def test_the_proxy_is_that_of_the_environment(monkeypatch):
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert resending._proxy("https://api.test/x") == ""
    monkeypatch.setenv("https_proxy", "proxy.test:3128")
    assert resending._proxy("https://api.test/x") == "http://proxy.test:3128"
    assert resending._proxy("http://api.test/x") == resending._proxy("https://127.0.0.1/x") == ""
    monkeypatch.setenv("no_proxy", "api.test")
    assert resending._proxy("https://api.test/x") == ""


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE])
def test_a_reply_is_read_to_its_end(provider, framing):
    provider.play(Script.of(SendHead(200, framing=framing), Send(b"one"), Send(b"two")))
    found = sent(provider.url + PATH)
    assert (found.response.body, found.ended.how) == (b"onetwo", How.EOF)


def test_a_reply_that_is_cut_is_no_whole_one(provider):
    from tokentape.testing.provider import Cut

    for framing in (Framing.CHUNKED, Framing.LENGTH):
        provider.play(Script.of(SendHead(200, framing=framing, length=10), Send(b"one"), Cut()))
        found = sent(provider.url + PATH)
        assert (found.response.body, found.ended.how) == (b"one", How.CUT)


def test_a_busy_provider_is_asked_three_times_and_then_believed(provider):
    provider.play(reply(b"busy", 529), times=None)
    assert sent(provider.url + PATH).response.status == 529
    assert provider.count == 3


def test_what_cannot_be_sent_is_told():
    assert sent("http://127.0.0.1:1/x").ended.how is How.CONNECT_ERROR
    assert sent("http://127.0.0.1:9/a b").response is None
    assert sent("ftp://x.test/").response is None


def test_where_no_thread_can_be_started_the_call_is_over(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert sent("http://127.0.0.1:1/x").response is None


def test_authorities_of_the_programs_library_count(monkeypatch):
    pytest.importorskip("certifi")
    assert "certifi" in sys.modules
    resending._tls.cache_clear()
    assert resending._tls().verify_mode.name == "CERT_REQUIRED"
