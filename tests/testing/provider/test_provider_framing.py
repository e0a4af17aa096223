"""Framing on the wire: what a client that counts bytes finds."""

from __future__ import annotations

import pytest

from tokentape.testing.provider import (
    Framing,
    Script,
    Send,
    SendHead,
    SendInterim,
    SendRaw,
    SendTrailers,
    redirect,
    reply,
)
from tokentape.testing.provider.faults import framed, mislabelled, preceded, with_status, with_trailers


def test_content_length_is_exact_to_the_byte(provider, wire):
    provider.play(reply(b"hello", content_type="text/plain"))
    connection = wire()
    connection.send()
    got = connection.reply()
    assert got.head == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5"
    assert got.rest == b"hello"


def test_chunked_has_one_chunk_for_each_write(provider, ask):
    provider.play(reply([b"a", b"bc", b""], framing=Framing.CHUNKED))
    assert ask().rest == b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"


def test_close_delimited_says_close_and_ends_with_the_connection(provider, wire):
    provider.play(reply([b"a", b"bc"], framing=Framing.CLOSE))
    connection = wire()
    connection.send()
    got = connection.closed_reply()
    assert (got.lines, got.rest, got.ended) == ([b"connection: close"], b"abc", "eof")


@pytest.mark.parametrize(
    ("headers", "body", "wanted"),
    [
        ((("Transfer-Encoding", "chunked"),), b"abc", b"3\r\nabc\r\n0\r\n\r\n"),
        ((("Content-Length", "3"),), b"abc", b"abc"),
        ((("X-Any", "1"),), b"abc", b"abc"),
    ],
)
def test_framing_as_given_adds_no_header_field(provider, wire, headers, body, wanted):
    provider.play(Script.of(SendHead(200, headers, framing=Framing.AS_GIVEN), Send(body)))
    connection = wire()
    connection.send(headers=["Connection: close"])
    got = connection.closed_reply()
    assert got.lines == [f"{name}: {value}".encode() for name, value in headers]
    assert got.rest == wanted


def test_keep_alive_serves_many_requests_on_one_connection(provider, wire):
    connection = wire()
    for n in range(3):
        provider.play(reply(b"%d" % n))
        connection.send()
        assert connection.reply().rest == b"%d" % n
    assert provider.connections == 1
    assert [seen.connection for seen in provider.requests] == [1, 1, 1]


def test_pipelined_requests_are_answered_in_order(provider, wire):
    provider.play(reply(b"first"))
    provider.play(reply(b"second"))
    connection = wire()
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.socket.sendall(request + request)
    assert [connection.reply().rest for _ in range(2)] == [b"first", b"second"]


@pytest.mark.parametrize("how", [{"http": "1.0"}, {"headers": ["Connection: close"]}])
def test_a_client_that_wants_no_keep_alive_gets_a_closed_connection(provider, wire, how):
    provider.play(reply(b"hello"))
    connection = wire()
    connection.send(**how)
    got = connection.closed_reply()
    assert (b"connection: close" in got.lines, got.rest, got.ended) == (True, b"hello", "eof")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED])
def test_R52_replies_without_body_send_none_and_keep_the_connection(provider, wire, method, status, framing):
    provider.play(reply(b"not to be sent", status, framing=framing))
    provider.play(reply(b"next"))
    connection = wire()
    connection.send(method)
    head = connection.head()
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (b"\r\n" in head) == (status == 200), "HEAD tells the framing of GET; 204 and 304 tell none"
    connection.send()
    assert connection.reply().rest == b"next"


def test_an_interim_head_comes_first(provider, wire):
    provider.changes(preceded(103, (("link", "</a>; rel=preload"),)))
    connection = wire()
    connection.send()
    assert connection.head() == b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload"
    assert connection.reply().status == 404


def test_an_interim_head_may_stand_in_a_script(provider, wire):
    provider.play(Script.of(SendInterim(102), SendHead(200), Send(b"x")))
    connection = wire()
    connection.send()
    assert connection.head() == b"HTTP/1.1 102 Processing"
    assert connection.reply().rest == b"x"


def test_expect_100_continue_is_answered_before_the_body(provider, wire):
    connection = wire()
    connection.socket.sendall(b"POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert connection.head() == b"HTTP/1.1 100 Continue"
    connection.socket.sendall(b"body")
    assert connection.reply().status == 404
    assert provider.requests[0].body == b"body"


def test_R52_header_fields_repeat_keep_their_case_and_may_be_latin_1(provider, ask):
    headers = (("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X-Ort", "K\xf6ln"), ("x-empty", ""))
    provider.play(reply(b"", 200, headers))
    assert ask().lines[:4] == [b"Set-Cookie: a=1", b"set-cookie: b=2", b"X-Ort: K\xf6ln", b"x-empty: "]


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (200, "Tr\xe8s bien", b"HTTP/1.1 200 Tr\xe8s bien"),
        (299, None, b"HTTP/1.1 299 "),
        (529, "", b"HTTP/1.1 529 "),
    ],
)
def test_the_reason_is_what_the_script_says(provider, ask, status, reason, line):
    provider.play(reply(b"", status, reason=reason))
    assert ask().head.split(b"\r\n")[0] == line


def test_trailers_end_a_chunked_body(provider, ask):
    provider.play(with_trailers(("x-checksum", "abc"))(reply(b"hello")))
    assert ask().rest == b"5\r\nhello\r\n0\r\nx-checksum: abc\r\n\r\n"


def test_trailers_may_stand_in_a_script(provider, ask):
    head = SendHead(200, framing=Framing.CHUNKED)
    provider.play(Script.of(head, Send(b"hi"), SendTrailers((("a", "1"), ("a", "2")))))
    assert ask().rest.endswith(b"0\r\na: 1\r\na: 2\r\n\r\n")


@pytest.mark.parametrize("length", [3, 9])
def test_a_content_length_may_lie(provider, ask, length):
    provider.play(mislabelled(length)(reply(b"hello")))
    got = ask()
    assert b"content-length: %d" % length in got.lines
    assert got.rest == b"hello"


def test_raw_bytes_need_no_http(provider, ask, wire):
    provider.play(Script.of(SendRaw(b"no http at all")))
    connection = wire()
    connection.send(headers=["Connection: close"])
    assert connection.until_end() == (b"no http at all", "eof")


def test_a_redirect(provider, ask):
    provider.play(redirect("/v2/any"))
    got = ask()
    assert got.head.startswith(b"HTTP/1.1 307 Temporary Redirect")
    assert b"location: /v2/any" in got.lines


def test_status_and_framing_of_any_reply_can_be_changed(provider, ask):
    provider.play(framed(Framing.CHUNKED)(with_status(201, "Made")(reply(b"x"))))
    got = ask()
    assert (got.head.split(b"\r\n")[0], got.rest) == (b"HTTP/1.1 201 Made", b"1\r\nx\r\n0\r\n\r\n")


def test_R53_a_body_of_50_mb_arrives_whole(provider, wire):
    body = bytes(range(256)) * (50 * 4096)
    provider.play(reply(body, content_type="application/octet-stream"))
    connection = wire()
    connection.send()
    got = connection.reply()
    assert len(got.rest) == 52_428_800
    assert got.rest == body


def test_uploads_arrive_whole_in_either_framing(provider, wire):
    body = bytes(range(256)) * 8192
    connection = wire()
    connection.send("POST", body=body)
    connection.reply()
    connection.socket.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(body), 500_000):
        piece = body[start : start + 500_000]
        connection.socket.sendall(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece))
    connection.socket.sendall(b"0\r\nx-trailer: 1\r\n\r\n")
    connection.reply()
    assert [seen.body == body for seen in provider.requests] == [True, True]


def test_no_body_and_an_empty_body_differ(provider, wire):
    connection = wire()
    connection.send("POST")
    connection.reply()
    connection.send("POST", body=b"")
    connection.reply()
    assert [seen.body for seen in provider.requests] == [None, b""]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 300_000,
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_bytes_that_are_no_request_get_a_400(provider, wire, request_bytes):
    connection = wire()
    connection.socket.sendall(request_bytes)
    got = connection.closed_reply()
    assert (got.status, got.ended, provider.count) == (400, "eof", 0)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3",
    ],
)
def test_a_request_that_ends_too_early_is_not_seen(provider, wire, request_bytes):
    connection = wire()
    connection.socket.sendall(request_bytes)
    connection.socket.shutdown(1)
    assert connection.closed_reply().status == 400
    assert provider.count == 0
