"""The 200 real recordings, made through other stacks, replayed through urllib3, requests and http.client."""

from __future__ import annotations

import http.client
import ssl
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.urllib3 import Urllib3Interceptor
from tokentape.outcomes import Replay
from tokentape.wire.body import decoded_body

pytest.importorskip("yaml", reason="needs pyyaml")
urllib3 = pytest.importorskip("urllib3", reason="needs urllib3")
requests = pytest.importorskip("requests", reason="needs requests")

FILES = sorted((Path(__file__).parents[1] / "samples").glob("*.yaml"))
TLS = ssl.create_default_context()
FRAMING = {"content-length", "transfer-encoding"}


class One:
    """A tape that answers every request with one recording."""

    def __init__(self):
        self.interaction = None
        self.asked = []

    def idle(self):
        return False

    def known_url(self, request):
        return True

    def begin(self, request, *, identity=None):
        self.asked.append(request)
        return Replay(self.interaction)


@pytest.fixture(scope="module")
def recordings():
    found = [interaction for path in FILES for interaction in read_vcr(path).interactions]
    assert len(found) == 200
    return found


def by_urllib3(request):
    with urllib3.PoolManager(retries=False) as manager:
        got = manager.request(
            request.method, request.url, body=request.body, headers=_headers(request),
            redirect=False, preload_content=False,
        )  # fmt: skip
        raw = b"".join(got.stream(decode_content=False))
        return got.status, got.reason, got.headers.items(), raw


def by_requests(request):
    with requests.Session() as session:
        session.trust_env = False
        got = session.request(
            request.method,
            request.url,
            data=request.body,
            headers=_headers(request),
            allow_redirects=False,
        )
        return got.status_code, got.reason, got.raw.headers.items(), got.content


def by_http_client(request):
    parts = urlsplit(request.url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=TLS)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
    connection.putrequest(
        request.method, request.url.partition("#")[0].partition(parts.netloc)[2], skip_accept_encoding=True
    )
    connection.putheader("Accept-Encoding", "*")
    if request.body is not None:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)
    got = connection.getresponse()
    data = got.status, got.reason, got.getheaders(), got.read()
    connection.close()
    return data


@pytest.mark.parametrize("call", [by_urllib3, by_requests, by_http_client])
def test_200_of_200_replay(recordings, call, monkeypatch):
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("connected"))
    tape = One()
    registry = Registry((lambda _: Urllib3Interceptor(tape), lambda _: HttpClientInterceptor(tape)), tape)
    registry.hold()
    try:
        for tape.interaction in recordings:
            _compare(call, tape)
    finally:
        registry.release()
    assert len(tape.asked) == 200


def _compare(call, tape):
    request, response = tape.interaction.request, tape.interaction.response
    status, reason, headers, body = call(request)
    assert (status, reason) == (response.status, response.reason or (reason if response.http == "2" else ""))
    wanted = decoded_body(response) if call is by_requests else response.body
    assert body == (wanted or b"")
    assert _fields(headers) == _fields(response.headers)
    assert tape.asked[-1].url == request.url.partition("#")[0].replace(":443/", "/")
    assert (tape.asked[-1].body or b"") == (request.body or b"")


def _headers(request):
    """Without the framing, which no longer fits where something was redacted."""
    return {name: value for name, value in request.headers if name.lower() not in FRAMING}


def _fields(headers):
    return Counter((name.lower(), value) for name, value in headers if name.lower() not in FRAMING)
