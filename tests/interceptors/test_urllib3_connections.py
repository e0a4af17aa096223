"""urllib3's connections: pools, threads, TLS, proxies, and how connecting fails."""

from __future__ import annotations

import gc
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from http1_calls import both, without_addresses
from http1_servers import Tunnel, tls_front

import tokentape
from tokentape.interceptors import ending
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.requests import RequestsInterceptor
from tokentape.interceptors.urllib3 import Urllib3Interceptor
from tokentape.testing.contracts.scripts import OPEN_ENDED
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply
from tokentape.wire.interaction import How

urllib3 = pytest.importorskip("urllib3", reason="needs urllib3")

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'
ALL = (RequestsInterceptor, Urllib3Interceptor, HttpClientInterceptor)


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        yield running


@pytest.fixture
def tape():
    return MemoryTape()


@pytest.fixture
def hooked(tape):
    registry = Registry(ALL, tape)
    registry.hold()
    yield tape
    registry.release()


@pytest.fixture
def manager():
    with urllib3.PoolManager(timeout=5, retries=False) as made:
        yield made


# Connections


def test_keep_alive_is_as_it_was_and_a_replay_leaves_the_pool_alone(provider, hooked, manager):
    provider.play(reply(b"ok"), times=None)
    for _ in range(3):
        assert manager.request("POST", provider.url + PATH, body=BODY).data == b"ok"
    assert provider.connections == 1
    hooked.rewind()
    assert manager.request("POST", provider.url + PATH, body=BODY).data == b"ok"
    hooked.is_idle = True
    assert manager.request("POST", provider.url + PATH, body=BODY).data == b"ok"
    assert (provider.connections, provider.count) == (1, 4)


def test_R13_a_pool_filled_before_activation(provider, tape, manager):
    provider.play(reply(b"ok"), times=None)
    manager.request("POST", provider.url + PATH, body=BODY)
    registry = Registry(ALL, tape)
    registry.hold()
    manager.request("POST", provider.url + PATH, body=BODY)
    registry.release()
    manager.request("POST", provider.url + PATH, body=BODY)
    assert (len(tape.kept), provider.connections) == (1, 1)


def test_R49_thirty_two_threads_share_a_pool(provider, tmp_path):
    def one(number):
        body = b'{"model":"m","messages":[{"role":"user","content":"%d"}]}' % number
        data = manager.request(
            "POST", provider.url + PATH, body=body, headers={"content-type": "application/json"}
        ).data
        return json.loads(data)["choices"][0]["message"]["content"]

    expected = [f"Answer 1 to: {number}" for number in range(640)]
    with urllib3.PoolManager(maxsize=32, block=True) as manager, ThreadPoolExecutor(32) as threads:
        with tokentape.use_cassette(tmp_path / "c.json"):
            assert list(threads.map(one, range(640))) == expected
        provider.stop()
        with tokentape.use_cassette(tmp_path / "c.json", mode="none"):
            assert list(threads.map(one, range(640))) == expected


def test_an_abandoned_reply_is_recorded_as_left(provider, hooked, manager):
    provider.play(OPEN_ENDED)
    got = manager.request("POST", provider.url + PATH, body=BODY, preload_content=False)
    circle = [got]
    circle.append(circle)
    del got, circle
    gc.collect()
    ending.settle()
    assert [kept.ended.how for kept in hooked.kept] == [How.CLOSED_BY_CALLER]


def test_a_reply_collected_as_garbage_ends_later_and_not_inside_the_collector(
    provider, hooked, manager, monkeypatch
):
    provider.play(OPEN_ENDED)
    got = manager.request("POST", provider.url + PATH, body=BODY, preload_content=False)
    abandoned = []
    monkeypatch.setattr(ending, "abandon", abandoned.append)
    circle = [got]
    circle.append(circle)
    del got, circle
    gc.collect()
    assert len(abandoned) == 1
    assert hooked.kept == []


# TLS and proxies


def test_tls_is_recorded_and_skipped_on_a_hit(provider, hooked, tmp_path):
    provider.play(reply(b"secret"), times=None)
    with tls_front(provider, tmp_path) as front:

        def call(times):
            with urllib3.PoolManager(ca_certs=tmp_path / "cert.pem") as manager:
                return [manager.request("POST", front.url + PATH, body=BODY).data for _ in range(times)]

        assert call(3) == [b"secret"] * 3
        assert front.accepted == 1
    hooked.rewind()
    assert call(3) == [b"secret"] * 3
    assert hooked.kept[0].request.url == front.url + PATH


def test_a_certificate_that_is_not_trusted_replays_as_that(provider, hooked, tmp_path):
    with tls_front(provider, tmp_path) as front:

        def call():
            with urllib3.PoolManager(retries=False) as manager:
                with pytest.raises(urllib3.exceptions.SSLError) as caught:
                    manager.request("POST", front.url + PATH, body=BODY)
            return str(caught.value)

        recorded = call()
    assert hooked.kept[0].ended.how is How.TLS_ERROR
    hooked.rewind()
    assert call() == recorded
    assert "CERTIFICATE_VERIFY_FAILED" in recorded


def test_an_insecure_call_warns_as_ever(provider, hooked, tmp_path):
    provider.play(reply(b"ok"), times=None)
    with tls_front(provider, tmp_path) as front:
        with urllib3.PoolManager(cert_reqs="CERT_NONE") as manager:
            with pytest.warns(urllib3.exceptions.InsecureRequestWarning):
                assert manager.request("POST", front.url + PATH, body=BODY).data == b"ok"


def test_a_connect_proxy_sees_a_real_send_and_a_dead_one_does_not_matter_on_a_hit(provider, hooked, tmp_path):
    provider.play(reply(b"through"), times=None)
    with tls_front(provider, tmp_path) as front, Tunnel() as tunnel:

        def call():
            certificate = tmp_path / "cert.pem"
            with urllib3.ProxyManager(tunnel.url, ca_certs=certificate, retries=False) as manager:
                return manager.request("POST", front.url + PATH, body=BODY).data

        assert call() == b"through"
        assert tunnel.asked == [front.authority]
    assert hooked.kept[0].request.url == front.url + PATH
    hooked.rewind()
    assert call() == b"through"
    with pytest.raises(urllib3.exceptions.HTTPError):
        hooked.is_idle = True
        call()


def test_a_dead_connect_proxy_fails_as_ever_and_replays_as_that(hooked, tmp_path):
    with Tunnel() as tunnel:
        pass

    def call():
        with urllib3.ProxyManager(tunnel.url, retries=False) as manager:
            with pytest.raises(urllib3.exceptions.HTTPError) as caught:
                manager.request("POST", "https://llm.example.com" + PATH, body=BODY)
        return type(caught.value).__name__, without_addresses(str(caught.value))

    hooked.is_idle = True
    plain = call()
    hooked.is_idle = False
    assert call() == plain
    hooked.rewind()
    assert call() == plain
    assert hooked.kept[0].ended.how is How.CONNECT_ERROR


def test_a_plain_proxy_is_asked_for_the_absolute_url(provider, hooked):
    provider.play(reply(b"proxied"))

    def call():
        with urllib3.ProxyManager(provider.url, retries=False) as manager:
            return manager.request("POST", "http://llm.example.com" + PATH, body=BODY).data

    assert both(hooked, provider, call) == b"proxied"
    assert hooked.kept[0].request.url == "http://llm.example.com" + PATH


# Failing to connect


def test_errors_of_connecting_are_native_and_replay_as_themselves(hooked, monkeypatch):
    errors = [
        socket.gaierror(-2, "Name or service not known"), TimeoutError("timed out"),
        ConnectionRefusedError(111, "Connection refused"), OSError(113, "No route to host"),
    ]  # fmt: skip
    for scheme in ("http", "https"):
        for error in errors:
            url = f"{scheme}://llm.example.com:1{PATH}"
            hooked.is_idle = True
            with monkeypatch.context() as patched:
                patched.setattr(socket, "getaddrinfo", _raising(error))
                plain = _failed(url)
                hooked.is_idle, hooked._waiting = False, None
                hooked.kept.clear()
                assert _failed(url) == plain
            hooked.rewind()
            assert _failed(url) == plain


def _raising(error):
    def getaddrinfo(*args, **options):
        raise error

    return getaddrinfo


def _failed(url):
    with urllib3.PoolManager(retries=False, timeout=2) as manager:
        with pytest.raises(urllib3.exceptions.HTTPError) as caught:
            manager.request("POST", url, body=BODY)
    return type(caught.value).__name__, without_addresses(str(caught.value))


def test_a_tls_handshake_that_stalls_is_a_timeout_as_ever(hooked):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}{PATH}"

        def call():
            with urllib3.PoolManager(retries=False, timeout=0.2) as manager:
                with pytest.raises(urllib3.exceptions.HTTPError) as caught:
                    manager.request("POST", url, body=BODY)
            return type(caught.value).__name__, str(caught.value)

        hooked.is_idle = True
        plain = call()
        hooked.is_idle = False
        assert call() == plain
    hooked.rewind()
    assert call() == plain
