"""http.client as programs use it."""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl

import pytest
from http1_calls import both
from http1_servers import Tunnel, client_context, tls_front

from tokentape.interceptors import claim
from tokentape.interceptors.httpclient import Direct, HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.sockets.proxy import SocketProxy
from tokentape.testing.contracts.scripts import EVENTS, GZIPPED, TEXT
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Cut, Provider, Script, reply
from tokentape.testing.provider.script import Framing, SendHead, SendRaw
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

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


# Sending


class Sized(io.BytesIO):
    """A file that is no bytes, so that http.client reads it in blocks."""


BODIES = {
    "bytes": lambda: (BODY, {}),
    "text": lambda: ("t\xe9xt", {}),
    "file": lambda: (Sized(b"filed" * 9000), {"Content-Length": "45000"}),
    "file, chunked": lambda: (Sized(b"filed" * 9000), {}),
    "parts": lambda: (iter([b"pa", b"", b"rts"]), {}),
    "parts with a length": lambda: (iter([b"pa", b"rts"]), {"Content-Length": "5"}),
    "empty": lambda: (b"", {}),
    "none": lambda: (None, {}),
}


@pytest.mark.parametrize("kind", BODIES)
def test_R22_bodies_of_every_kind_arrive_and_are_recorded_whole(provider, hooked, kind):
    provider.play(reply(b"ok"))
    body, headers = BODIES[kind]()
    connection = connect(provider)
    connection.request("POST", PATH, body, {"X-B": "1", "X-A": "2", **headers})
    assert connection.getresponse().read() == b"ok"
    connection.close()
    (seen,), (kept,) = provider.requests, hooked.kept
    assert (kept.request.method, kept.request.url) == ("POST", provider.url + PATH)
    assert (kept.request.body, kept.request.headers) == (seen.body, seen.headers)


def test_a_request_put_together_by_hand(provider, hooked):
    provider.play(reply(b"ok"))

    def call():
        connection = connect(provider)
        connection.putrequest("POST", PATH, skip_accept_encoding=True)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("X-Tag", "one")
        connection.endheaders()
        connection.send(b"3\r\nabc\r\n")
        assert hooked.asked == [] or hooked._waiting is not None
        connection.send(io.BytesIO(b"0\r\n\r\n"))
        data = connection.getresponse().read()
        connection.close()
        return data

    assert both(hooked, provider, call) == b"ok"
    assert hooked.kept[0].request.body == b"abc"


def test_expect_100_continue_asks_the_tape_before_the_server(provider, hooked):
    """As botocore does: headers, then a look whether the server agrees, then the body."""
    provider.play(reply(b"ok"))

    def call():
        connection = connect(provider)
        connection.putrequest("POST", PATH)
        connection.putheader("Content-Length", "4")
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert select.select([connection.sock], [], [], 1)[0]
        file = connection.sock.makefile("rb", 0)
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        file.close()
        connection.send(b"body")
        data = connection.getresponse().read()
        connection.close()
        return data

    assert both(hooked, provider, call) == b"ok"


def test_a_reply_read_before_the_request_is_complete_is_no_call(provider, hooked, caplog):
    provider.play(reply(b"never asked for"))
    connection = connect(provider)
    connection.putrequest("POST", PATH)
    connection.putheader("Content-Length", "9")
    connection.endheaders()
    connection.timeout = 0.1
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert "before its request was complete" in caplog.text
    assert hooked.asked == []


def test_without_auto_open_nothing_changes(provider, hooked):
    connection = connect(provider)
    connection.auto_open = 0
    with pytest.raises(http.client.NotConnected):
        connection.request("POST", PATH, BODY)


def test_a_refused_connection_fails_in_request_as_ever(hooked):
    with Provider() as gone:
        pass

    def call():
        connection = connect(gone)
        with pytest.raises(ConnectionRefusedError) as caught:
            connection.request("POST", PATH, BODY)
        assert connection.sock is None
        connection.close()
        return str(caught.value)

    recorded = call()
    hooked.rewind()
    assert call() == recorded


# Reading


READERS = {
    "read": lambda got: [got.read()],
    "read(9)": lambda got: list(iter(lambda: got.read(9), b"")),
    "read1": lambda got: list(iter(got.read1, b"")),
    "readinto": lambda got: [(buffer := bytearray(11), got.readinto(buffer))],
    "readline": lambda got: list(iter(got.readline, b"")),
    "peek": lambda got: [got.peek(5)[:5], got.read(5), got.peek(1)[:1], got.read()],
    "lines": list,
    "readlines": lambda got: got.readlines(),
}


@pytest.mark.parametrize("how", READERS)
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE])
def test_every_way_of_reading(provider, hooked, how, framing):
    provider.play(reply(EVENTS, framing=framing))

    def call():
        connection = connect(provider)
        connection.request("POST", PATH, BODY)
        got = connection.getresponse()
        parts = READERS[how](got)
        facts = got.status, got.reason, got.version, got.getheaders()[:-1], got.isclosed(), got.will_close
        connection.close()
        return parts, facts

    assert both(hooked, provider, call)


def test_the_connection_is_reused_as_ever(provider, hooked):
    provider.play(reply(b"ok"), times=None)

    def call():
        connection = connect(provider)
        got = []
        for _ in range(3):
            connection.request("POST", PATH, BODY)
            got.append(connection.getresponse().read())
        connection.close()
        return got

    assert call() == [b"ok"] * 3
    assert provider.connections == 1
    hooked.rewind()
    assert call() == [b"ok"] * 3
    assert (provider.count, provider.connections) == (3, 1)


def test_the_state_machine_is_http_clients_own(provider, hooked):
    provider.play(reply(b""), times=None)
    connection = connect(provider)
    with pytest.raises(http.client.ResponseNotReady):
        connection.getresponse()
    connection.request("POST", PATH, BODY)
    with pytest.raises(http.client.CannotSendRequest):
        connection.request("POST", PATH, BODY)
    got = connection.getresponse()
    assert not isinstance(connection.sock, SocketProxy)
    connection.request("POST", PATH, BODY)
    with pytest.raises(http.client.ResponseNotReady):
        connection.getresponse()
    got.close()
    connection.close()
    assert [kept.ended.how for kept in hooked.kept] == [How.EOF, How.CLOSED_BY_CALLER]


def test_programs_that_look_at_the_socket_find_one(provider, hooked):
    provider.play(reply(b"ok"), times=None)
    connection = connect(provider)
    connection.request("POST", PATH, BODY)
    assert connection.getresponse().read() == b"ok"
    connection.request("POST", PATH, BODY)
    proxy = connection.sock
    assert proxy.getpeername() == ("127.0.0.1", provider.port)
    proxy.settimeout(3)
    assert (proxy.gettimeout(), proxy.real.gettimeout()) == (3, 3)
    assert proxy.fileno() == proxy.real.fileno()
    assert proxy.recv(4) == b"HTTP"
    buffer = bytearray(5)
    assert proxy.recv_into(buffer, 2) == 2
    assert bytes(buffer[:2]) == b"/1"
    proxy.shutdown(socket.SHUT_RDWR)
    connection.close()
    hooked.rewind()
    connection.request("POST", PATH, BODY)
    proxy = connection.sock
    with pytest.raises(AttributeError, match="not connected"):
        proxy.getpeername()
    proxy.settimeout(1)
    assert proxy.gettimeout() == 1
    assert select.select([proxy], [], [], 0)[0]
    assert proxy.send(b"more") == 4
    proxy.shutdown(socket.SHUT_RDWR)
    connection.close()


def test_a_switch_of_protocols_is_left_alone(provider, hooked):
    head = SendHead(101, (("upgrade", "echo"), ("connection", "upgrade")), framing=Framing.AS_GIVEN)
    provider.play(Script.of(head, SendRaw(b"hello"), Cut()))
    connection = connect(provider)
    connection.request("GET", "/v1/realtime", headers={"Connection": "upgrade", "Upgrade": "echo"})
    got = connection.getresponse()
    assert (got.status, got.fp.read(5)) == (101, b"hello")
    got.close()
    connection.close()
    assert (hooked.kept, hooked.left_out) == ([], ["switched protocols (101)"])


def test_a_client_without_the_codec_gets_the_decoded_body(provider, hooked):
    """Recorded by a program that undoes gzip itself; it gets gzip again, and others do not."""
    provider.play(reply(GZIPPED, headers=(("content-encoding", "gzip"),)), times=None)

    def call(**headers):
        connection = connect(provider)
        connection.request("POST", PATH, BODY, headers)
        got = connection.getresponse()
        data = got.read(), got.getheader("content-encoding")
        connection.close()
        return data

    for _ in range(3):
        assert call(**{"Accept-Encoding": "gzip"}) == (GZIPPED, "gzip")
    hooked.rewind()
    assert call(**{"Accept-Encoding": "br, gzip;q=0.5"}) == (GZIPPED, "gzip")
    assert call(**{"Accept-Encoding": "*"}) == (GZIPPED, "gzip")
    assert call() == (TEXT, None)


# Addresses


def test_https_and_a_tunnel(provider, hooked, tmp_path):
    provider.play(reply(b"secret"), times=None)
    with tls_front(provider, tmp_path) as front, Tunnel() as tunnel:
        context = client_context(tmp_path)

        def call(through):
            if through:
                connection = http.client.HTTPSConnection(tunnel.authority, context=context, timeout=5)
                connection.set_tunnel(front.authority)
            else:
                connection = http.client.HTTPSConnection(front.authority, context=context, timeout=5)
            connection.request("POST", PATH, BODY)
            data = connection.getresponse().read()
            connection.close()
            return data

        assert [call(True), call(False)] == [b"secret"] * 2
        assert tunnel.asked == [front.authority]
    assert [kept.request.url for kept in hooked.kept] == [front.url + PATH] * 2
    hooked.rewind()
    assert [call(True), call(False)] == [b"secret"] * 2


def test_a_certificate_that_is_not_trusted_replays_as_that(provider, hooked, tmp_path):
    with tls_front(provider, tmp_path) as front:

        def call():
            connection = http.client.HTTPSConnection(front.authority, timeout=5)
            with pytest.raises(ssl.SSLCertVerificationError) as caught:
                connection.request("POST", PATH, BODY)
            return str(caught.value)

        recorded = call()
    hooked.rewind()
    assert call() == recorded


@pytest.mark.parametrize(
    ("connection", "target", "url"),
    [
        (("llm.example.com",), "/v1", "http://llm.example.com/v1"),
        (("llm.example.com", 8080), "/v1?a=b", "http://llm.example.com:8080/v1?a=b"),
        (("::1", 80), "/v1", "http://[::1]/v1"),
        (("proxy", 3128), "http://llm.example.com/v1", "http://llm.example.com/v1"),
        (("llm.example.com",), "*", "http://llm.example.com/*"),
    ],
)
def test_urls_are_absolute(connection, target, url):
    assert Direct(http.client.HTTPConnection(*connection)).url(target) == url


# Attaching


def test_R27_a_claimed_request_passes_and_other_calls_are_seen(provider, hooked):
    provider.play(reply(b"ok"), times=None)
    connection = connect(provider)
    with claim.claimed(Request("POST", provider.url + PATH, (), BODY)):
        for path in (PATH, "/login"):
            connection.request("POST", path, BODY)
            assert connection.getresponse().read() == b"ok"
    connection.close()
    assert [request.url for request in hooked.asked] == [provider.url + "/login"]


def test_R11_the_original_comes_back(tape):
    original = vars(http.client.HTTPConnection)["putrequest"]
    interceptor = HttpClientInterceptor(tape)
    interceptor.attach(http.client)
    interceptor.attach(http.client)
    assert vars(http.client.HTTPConnection)["putrequest"] is not original
    interceptor.detach()
    assert vars(http.client.HTTPConnection)["putrequest"] is original
