"""Under http.client: errors of sockets as data and back, failed sends, replies that are dropped, pace."""

from __future__ import annotations

import gc
import http.client
import io
import socket
import ssl
import time

import pytest

from tokentape.interceptors import ending
from tokentape.interceptors.http1.requestreader import RequestReader
from tokentape.interceptors.httpclient import Direct, HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.requests.raw import TeeRaw
from tokentape.interceptors.sockets.exchange import Exchange
from tokentape.interceptors.sockets.faults import connect_fault, exception, read_fault, root, write_fault
from tokentape.interceptors.sockets.file import Tape, TapeFile
from tokentape.interceptors.sockets.proxy import SocketProxy
from tokentape.interceptors.urllib3.attempt import READS_ON
from tokentape.outcomes import Fail, Forward, Wait
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply
from tokentape.wire.interaction import How, WireError
from tokentape.wire.message import Request

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'
ASKED = Request("POST", "http://127.0.0.1" + PATH, (), BODY)


class TestFaults:
    @pytest.mark.parametrize(
        "error",
        [
            TimeoutError("timed out"),
            TimeoutError("The read operation timed out"),
            ConnectionResetError(104, "Connection reset by peer"),
            BrokenPipeError(32, "Broken pipe"),
            ConnectionRefusedError(111, "Connection refused"),
            OSError(113, "No route to host"),
            socket.gaierror(-2, "Name or service not known"),
            ssl.SSLError(1, "[SSL] something"),
            ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"),
            ConnectionAbortedError("gone"),
        ],
    )
    def test_what_a_socket_raises_is_raised_again(self, error):
        for fault in (read_fault, write_fault, connect_fault):
            again = exception(*fault(error))
            assert (type(again), str(again)) == (type(error), str(error))

    @pytest.mark.parametrize(
        ("how", "error", "kind", "text"),
        [
            (How.READ_TIMEOUT, WireError("ReadTimeout", "httpx says so"), TimeoutError, "timed out"),
            (How.CONNECT_TIMEOUT, None, TimeoutError, "timed out"),
            (How.RESET, WireError("ReadError", ""), ConnectionResetError, "reset by peer"),
            (
                How.CONNECT_ERROR,
                WireError("ConnectError", "All attempts failed"),
                ConnectionRefusedError,
                "refused",
            ),
            (How.CONNECT_ERROR, WireError("ConnectError", "[Errno 113] No route"), OSError, "No route"),
            (How.TLS_ERROR, WireError("ConnectError", "bad certificate"), ssl.SSLError, "bad certificate"),
            (How.TLS_ERROR, None, ssl.SSLError, "TLS"),
            (How.UNKNOWN, WireError("StrangeError", "who knows"), ConnectionError, "StrangeError: who knows"),
            (How.UNKNOWN, None, ConnectionError, "unknown"),
        ],
    )
    def test_faults_of_other_stacks_become_what_a_socket_would_raise(self, how, error, kind, text):
        again = exception(how, error)
        assert isinstance(again, kind)
        assert text in str(again)

    def test_where_it_failed_is_told_apart(self):
        late = TimeoutError("timed out")
        assert [fault(late)[0] for fault in (read_fault, write_fault, connect_fault)] == [
            How.READ_TIMEOUT, How.WRITE_TIMEOUT, How.CONNECT_TIMEOUT,
        ]  # fmt: skip
        assert connect_fault(ConnectionResetError(104, "x"))[0] is How.CONNECT_ERROR
        assert read_fault(KeyboardInterrupt()) == (How.CANCELLED, None)
        assert connect_fault(KeyboardInterrupt()) == (How.CANCELLED, None)

    def test_the_root_is_the_sockets_error_also_where_it_was_not_chained(self):
        bottom = OSError(113, "No route to host")
        for wrap in (_chained, _unchained):
            with pytest.raises(ValueError, match="wrapped") as caught:
                wrap(bottom)
            assert root(caught.value) is bottom
        stopped = KeyboardInterrupt()
        stopped.__context__ = bottom
        assert root(stopped) is stopped
        alone = ValueError("no socket in sight")
        alone.__cause__ = alone
        assert root(alone) is alone


class TestTape:
    def test_one_piece_at_a_time_then_the_end(self):
        file = io.BufferedReader(TapeFile(Tape([b"abc", Wait(0), b"", b"defgh"])), 4)
        assert [file.read1(9), file.read(), file.read()] == [b"abc", b"defgh", b""]

    def test_waits_are_slept_through(self, monkeypatch):
        slept = []
        monkeypatch.setattr(time, "sleep", slept.append)
        assert TapeFile(Tape([Wait(1.5), b"x", Wait(2)])).readall() == b"x"
        assert slept == [1.5, 2]

    def test_a_cut_is_the_end_and_a_reset_an_error(self):
        assert TapeFile(Tape([b"x", Fail(How.CUT, None)])).readall() == b"x"
        tape = Tape([b"x", Fail(How.RESET, None)])
        assert TapeFile(tape).read(5) == b"x"
        with pytest.raises(ConnectionResetError):
            TapeFile(tape).read(5)


class TestRequestReader:
    @pytest.mark.parametrize(
        ("sent", "body"),
        [
            (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", None),
            (b"POST /x HTTP/1.0\r\nContent-Length: 0\r\n\r\n", b""),
            (b"POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
            (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", b"a"),
        ],
    )
    def test_complete_at_the_last_byte_and_not_before(self, sent, body):
        reader = RequestReader()
        assert not reader.has_begun
        for at in range(len(sent)):
            assert not reader.complete
            reader.feed(sent[at : at + 1])
        assert reader.complete
        request = reader.request(lambda target: "http://h" + target)
        assert (request.body, reader.raw) == (body, sent)
        assert request.url.removeprefix("http://h") in ("/a b", "/x")


@pytest.fixture
def tape():
    return MemoryTape()


@pytest.fixture
def hooked(tape):
    registry = Registry((HttpClientInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


class Broken:
    """A socket that fails when something is sent, and has a reply all the same."""

    def __init__(self, error, data=b""):
        self.error = error
        self.data = data

    def sendall(self, data):
        raise self.error

    def makefile(self, mode, buffering=None):
        return io.BytesIO(self.data)

    def close(self):
        pass


class Reading(Direct):
    """As urllib3: reads the reply although sending failed."""

    def reads_on(self, error):
        return error.errno in READS_ON


class TestFailedSends:
    def test_a_send_that_fails_is_recorded_at_once(self, hooked):
        connection = http.client.HTTPConnection("h")
        connection.sock = Broken(TimeoutError("timed out"))
        with pytest.raises(TimeoutError):
            connection.request("POST", PATH, BODY)
        connection.close()
        assert [kept.ended.how for kept in hooked.kept] == [How.WRITE_TIMEOUT]
        hooked.rewind()
        with pytest.raises(TimeoutError, match="timed out"):
            http.client.HTTPConnection("h").request("POST", PATH, BODY)

    def test_a_reply_that_came_before_the_request_was_read_is_recorded(self, tape):
        early = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
        real = Broken(BrokenPipeError(32, "Broken pipe"), early)
        proxy = SocketProxy(tape, Reading(http.client.HTTPConnection("h")), real)
        with pytest.raises(BrokenPipeError):
            proxy.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        assert tape.kept == []
        with proxy.makefile("rb") as file:
            assert file.read() == early
        proxy.leave(None)
        assert [(kept.response.status, kept.ended.how) for kept in tape.kept] == [(413, How.EOF)]

    def test_a_failed_send_without_a_reply_is_recorded_when_it_is_left(self, tape):
        proxy = SocketProxy(tape, Reading(http.client.HTTPConnection("h")), Broken(BrokenPipeError(32, "x")))
        with pytest.raises(BrokenPipeError):
            proxy.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        proxy.leave(BrokenPipeError(32, "x"))
        proxy.leave(None)
        assert [kept.ended.how for kept in tape.kept] == [How.RESET]


class TestDropped:
    def test_a_connection_dropped_before_its_reply_was_asked_for(self, hooked):
        with Provider() as provider:
            provider.play(reply(b"ok"))
            connection = http.client.HTTPConnection("127.0.0.1", provider.port)
            connection.request("POST", PATH, BODY)
            connection.sock.real.close()
            del connection
            gc.collect()
            ending.settle()
        assert [kept.ended.how for kept in hooked.kept] == [How.CLOSED_BY_CALLER]

    def test_what_is_told_after_the_end_changes_nothing(self):
        kept = []
        exchange = Exchange(Forward(ASKED, 0.0, lambda forward, interaction: kept.append(interaction)))
        exchange.closed()
        exchange.dropped()
        exchange.received(b"HTTP/1.1 200 OK\r\n\r\n")
        exchange.hung_up()
        assert [interaction.ended.how for interaction in kept] == [How.CLOSED_BY_CALLER]

    def test_a_raw_reply_of_an_adapter_that_is_dropped(self):
        kept = []
        tee = TeeRaw(io.BytesIO(b"abc"), _forward(kept), (200, "OK", ()))
        assert tee.read(2) == b"ab"
        assert tee.getvalue() == b"abc"
        del tee
        ending.settle()
        assert [(one.response.body, one.ended.how) for one in kept] == [(b"ab", How.CLOSED_BY_CALLER)]

    def test_a_raw_reply_of_an_adapter_that_fails(self):
        for read in (lambda tee: tee.read(2), lambda tee: list(tee.stream(2))):
            kept = []
            tee = TeeRaw(_Failing(), _forward(kept), (200, "OK", ()))
            with pytest.raises(ConnectionResetError):
                read(tee)
            tee.close()
            assert [one.ended.how for one in kept] == [How.RESET]

    def test_a_raw_reply_of_an_adapter_that_is_streamed_and_decoded(self):
        kept = []
        head = (200, "OK", (("content-encoding", "gzip"), ("content-length", "9")))
        tee = TeeRaw(_Streaming(), _forward(kept), head)
        assert list(tee.stream(2, decode_content=True)) == [b"ab", b"c"]
        assert (kept[0].response.body, kept[0].response.headers) == (b"abc", ())
        tee = TeeRaw(_Streaming(), _forward(kept), head)
        assert next(tee.stream(2)) == b"ab"
        tee.close()
        assert (kept[1].response.headers, kept[1].ended.how) == (head[2], How.CLOSED_BY_CALLER)


def _forward(kept):
    return Forward(ASKED, 0.0, lambda forward, interaction: kept.append(interaction))


def _chained(bottom):
    raise ValueError("wrapped") from bottom


def _unchained(bottom):
    """As urllib3 1.26 does."""
    try:
        raise bottom
    except OSError:
        raise ValueError("wrapped")  # noqa: B904


class _Streaming:
    def stream(self, size, decode_content=False):
        yield from (b"ab", b"c")


class _Failing:
    def read(self, size):
        raise ConnectionResetError(104, "Connection reset by peer")

    def stream(self, size):
        yield self.read(size)
