"""http.client where a program connects before it asks, asks without reading, or cannot connect at all."""

from __future__ import annotations

import http.client
import socket

import pytest
from http1_servers import client_context, tls_front

import tokentape
from tokentape.errors import ReplayIncomplete, ReplayMiss
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply
from tokentape.wire.interaction import How

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        running.play(reply(b"one"), times=None)
        yield running


@pytest.fixture
def hooked():
    tape = MemoryTape()
    registry = Registry((HttpClientInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


def exchanged(connection, body=BODY):
    connection.request("POST", PATH, body)
    with connection.getresponse() as answer:
        return answer.read()


def test_an_explicit_connect_is_real_while_calls_are_sent_and_waits_where_none_is(provider, hooked):
    def call():
        connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = exchanged(connection)
        connection.close()
        return answer

    assert call() == b"one"
    assert provider.connections == 1
    provider.stop()
    hooked.rewind()
    assert call() == b"one"
    assert hooked.left == 0


def test_tls_waits_as_well(provider, hooked, tmp_path):
    with tls_front(provider, tmp_path) as front:
        host, _, port = front.authority.partition(":")
        context = client_context(tmp_path)
        recording = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
        recording.connect()
        assert recording.sock.version()
        assert exchanged(recording) == b"one"
        recording.close()
    hooked.rewind()
    replaying = http.client.HTTPSConnection(host, int(port), timeout=5)
    replaying.connect()
    assert exchanged(replaying) == b"one"
    replaying.close()


def test_a_connection_made_in_a_replay_can_be_used_after_it(provider, hooked):
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5)
    hooked.rewind()
    connection.connect()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert provider.connections == 0
    hooked.is_idle = True
    assert exchanged(connection) == b"one"
    connection.close()
    assert provider.connections == 1


def test_what_is_not_recorded_is_a_miss_when_it_is_asked(provider, outside):
    with tokentape.use_cassette("one.json"):
        connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5)
        assert exchanged(connection) == b"one"
        connection.close()
    with pytest.raises(ReplayMiss), tokentape.use_cassette("one.json", mode="none"):
        connection = http.client.HTTPSConnection("192.0.2.1", timeout=5)
        connection.connect()
        assert b"No recording" in exchanged(connection, BODY.replace(b"[]", b"[1]"))
        connection.close()


def test_a_program_that_never_reads_its_reply_may_do_so_again(provider, hooked):
    def send():
        connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=5)
        connection.request("POST", PATH, BODY)
        return connection

    send().close()
    assert [kept.ended.how for kept in hooked.kept] == [How.CLOSED_BY_CALLER]
    provider.stop()
    hooked.rewind()
    connection = send()
    assert hooked.incomplete == []
    with pytest.raises(ReplayIncomplete, match="gave up before a reply came"):
        connection.getresponse()
    connection.close()


def test_a_host_that_is_none_is_no_recording(hooked):
    connection = http.client.HTTPConnection("a..b", timeout=5)
    with pytest.raises(UnicodeError) as raised:
        connection.request("POST", PATH, BODY)
    assert (hooked.kept, hooked.left_out) == ([], [f"never left ({raised.type.__name__})"])
