"""urllib.request, which sends through http.client."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request

import pytest
from http1_calls import both

import tokentape
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, redirect, reply

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        yield running


@pytest.fixture
def tape():
    return MemoryTape()


@pytest.fixture
def hooked(tape):
    registry = Registry((HttpClientInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


def connect(provider, **options):
    return http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5, **options)


def test_urllib_request_with_redirects_errors_and_timeouts(provider, hooked):
    provider.play(redirect("/v1/moved", 302), path=PATH)
    provider.play(reply(b"there", headers=(("set-cookie", "k=v"),)), path="/v1/moved")
    provider.fails(429, headers=(("retry-after", "7"),), path="/v1/completions")

    def call():
        with urllib.request.urlopen(urllib.request.Request(provider.url + PATH), timeout=5) as got:
            first = got.read(), got.geturl(), got.headers["set-cookie"], got.status
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(provider.url + "/v1/completions", BODY, timeout=5)
        with caught.value as error:
            return first, error.code, error.headers["retry-after"], error.read()

    assert both(hooked, provider, call)[0][0] == b"there"


def test_a_connection_refused_to_urllib_is_its_own_error(hooked):
    with Provider() as gone:
        url = gone.url

    def call():
        with pytest.raises(urllib.error.URLError) as caught:
            urllib.request.urlopen(url + PATH, BODY, timeout=5)
        return str(caught.value)

    recorded = call()
    hooked.rewind()
    assert call() == recorded


def test_R14_a_miss_is_an_http_error_that_explains_itself(provider, tmp_path):
    path = tmp_path / "c.json"
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    headers = {"content-type": "application/json"}
    with tokentape.use_cassette(path):
        urllib.request.urlopen(urllib.request.Request(provider.url + PATH, body, headers), timeout=5).close()
    other = body.replace(b"hi", b"ho")
    with pytest.raises(tokentape.ReplayMiss):
        with tokentape.use_cassette(path, mode="none"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(provider.url + PATH, other, headers), timeout=5)
            with caught.value as error:
                assert error.code == 400
                assert b"no recording" in error.read()
    assert provider.count == 1
