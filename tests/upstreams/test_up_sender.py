"""The HTTP client: bytes go out and come in as they are, failures have names, no connection leaks."""

from __future__ import annotations

import gzip
import socket
import threading
import warnings

import pytest
from up_sending import BODY, JSON, PATH, STREAM, TIMES, chat, failure, run, talking, until, whole
from up_tls import secure_server

from tokentape.testing.provider import faults
from tokentape.testing.provider.script import Cut, Framing, Reset, Script, Send, SendHead, SendRaw, Stall
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import Times
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

__all__ = ["run"]

# What goes out


def test_nothing_is_said_that_was_not_in_the_list(run, provider):
    request = Request("POST", provider.url + PATH + "?a=%2Fb&c", (), BODY)
    run(lambda sender: whole(sender, request))
    seen = provider.requests[0]
    assert [name for name, _ in seen.headers] == ["Host", "Content-Length"]
    assert seen.target == PATH + "?a=%2Fb&c"
    assert seen.body == BODY


def test_headers_keep_their_order_case_repeats_and_bytes(run, provider):
    fields = (
        ("X-One", "1"),
        JSON,
        ("x-Two", "a  b"),
        ("X-One", "2"),
        ("X-Raw", "caf\xc3\xa9"),
        ("X-Empty", ""),
    )
    run(lambda sender: whole(sender, Request("POST", provider.url + PATH, fields, BODY)))
    seen = [field for field in provider.requests[0].headers if field[0] not in ("Host", "Content-Length")]
    assert seen == list(fields)


def test_text_beyond_latin_1_goes_out_as_utf_8(run, provider):
    raw = "caf\xc3\xa9"
    run(lambda sender: whole(sender, chat(provider, BODY, ("X-Title", "\u03b1"), ("X-Raw", raw))))
    assert provider.requests[0].header("x-title") == "\u03b1".encode().decode("latin-1")
    assert provider.requests[0].header("x-raw") == raw


def test_a_host_that_is_named_is_the_one_that_is_asked_for(run, provider):
    run(lambda sender: whole(sender, chat(provider, BODY, ("Host", "api.example.com"))))
    named = [value for name, value in provider.requests[0].headers if name.lower() == "host"]
    assert named == ["api.example.com"]


def test_a_fragment_stays_here(run, provider):
    request = Request("POST", provider.url + PATH + "?a=b#top", (JSON,), BODY)
    run(lambda sender: whole(sender, request))
    assert provider.requests[0].target == PATH + "?a=b"


def test_what_belongs_to_the_clients_connection_stays_there(run, provider):
    theirs = (
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "7"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
    )
    run(lambda sender: whole(sender, chat(provider, BODY, *theirs)))
    names = [name.lower() for name, _ in provider.requests[0].headers]
    assert names == ["host", "content-type", "content-length"]
    assert provider.requests[0].header("content-length") == str(len(BODY))


def test_a_get_has_no_body_and_a_post_may_have_an_empty_one(run, provider):
    async def scenario(sender):
        await whole(sender, Request("GET", provider.url + "/v1/models"))
        for body in (b"", None):
            provider.fails(400)
            await whole(sender, Request("POST", provider.url + PATH, (JSON,), body))

    run(scenario)
    assert [seen.header("content-length") for seen in provider.requests] == [None, "0", "0"]


def test_a_large_body_arrives_whole_and_nobody_is_warned(run, provider):
    large = b'{"model":"gpt-5","messages":[{"role":"user","content":"' + b"x" * 5_000_000 + b'"}]}'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(lambda sender: whole(sender, chat(provider, large)))
    assert provider.requests[0].body == large


def test_cookies_are_not_kept(run, provider):
    async def scenario(sender):
        for _ in range(2):
            provider.changes(faults.with_headers(("Set-Cookie", "a=b; Path=/")))
            await whole(sender, chat(provider))

    run(scenario)
    assert provider.requests[1].header("cookie") is None


def test_the_environment_names_no_proxy(run, provider, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    sent, _ = run(lambda sender: whole(sender, chat(provider)))
    assert sent.status == 200


# What comes in


def test_a_reply_comes_as_it_went_over_the_wire(run, provider):
    head = SendHead(
        201, (("X-A", "1"), ("x-a", "2"), ("Content-Encoding", "gzip"), ("X-Raw", "caf\xc3\xa9")), "Made"
    )
    packed = gzip.compress(b"hello", mtime=0)
    provider.play(Script((head, Send(packed))))
    sent, body = run(lambda sender: whole(sender, chat(provider)))
    assert (sent.status, sent.reason, sent.http, body) == (201, "Made", "1.1", packed)
    assert [field for field in sent.headers if field[0].lower().startswith("x-")] == [
        ("X-A", "1"),
        ("x-a", "2"),
        ("X-Raw", "caf\xc3\xa9"),
    ]


def test_a_redirect_is_a_reply(run, provider):
    provider.play(Script((SendHead(307, (("Location", "/elsewhere"),)),)))
    sent, _ = run(lambda sender: whole(sender, chat(provider)))
    assert sent.status == 307
    assert provider.count == 1


def test_chunks_come_as_they_arrive(run, provider):
    async def scenario(sender):
        gate = threading.Event()
        provider.play(Script((SendHead(framing=Framing.CHUNKED), Send(b"one"), Stall(gate), Send(b"two"))))
        sent = await sender.send(chat(provider), TIMES)
        first = await sent.chunk()
        gate.set()
        rest = [await sent.chunk(), await sent.chunk(), await sent.chunk()]
        sent.close()
        return first, rest

    assert run(scenario) == (b"one", [b"two", b"", b""])


def test_a_reply_to_head_has_no_body(run, provider):
    async def scenario(sender):
        provider.play(Script((SendHead(length=100),)))
        sent, body = await whole(sender, Request("HEAD", provider.url + "/v1/models"))
        return sent.status, body

    assert run(scenario) == (200, b"")


def test_what_is_said_before_the_reply_is_no_reply(run, provider):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    provider.play(Script((SendRaw(early), SendHead(length=2), Send(b"ok"))))
    sent, body = run(lambda sender: whole(sender, chat(provider)))
    assert (sent.status, body) == (200, b"ok")


def test_long_header_fields_of_a_reply_are_taken(run, provider):
    provider.changes(faults.with_headers(("X-Long", "v" * 40_000)))
    sent, _ = run(lambda sender: whole(sender, chat(provider)))
    assert ("X-Long", "v" * 40_000) in sent.headers


def test_a_reply_longer_than_it_may_be_is_not_read_on(run, provider):
    async def scenario(sender):
        provider.play(Script((SendHead(framing=Framing.CHUNKED), Send(b"x" * 1000), Stall(None))))
        sent = await sender.send(chat(provider), TIMES)
        with pytest.raises(SendFailed, match="over 500 bytes"):
            await sent.read(500)
        sent.close()
        await until(lambda: provider.open_connections == 0)

    run(scenario)


def test_a_reply_of_just_the_length_is_read(run, provider):
    async def scenario(sender):
        provider.play(Script((SendHead(), Send(b"x" * 500))))
        sent = await sender.send(chat(provider), TIMES)
        data = await sent.read(500)
        sent.close()
        return len(data)

    assert run(scenario) == 500


# How it fails


@pytest.mark.parametrize(
    ("script", "how"),
    [
        (Script((Reset(),)), How.RESET),
        (Script((Cut(),)), How.CUT),
        (Script((SendRaw(b"HELLO\r\n\r\n"), Cut())), How.PROTOCOL_ERROR),
        (Script((SendRaw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), Cut())), How.PROTOCOL_ERROR),
    ],
    ids=["reset", "cut", "no-http", "bad-length"],
)
def test_failures_before_the_reply_have_names(run, provider, script, how):
    provider.play(script)
    error = run(lambda sender: failure(sender, chat(provider)))
    assert (error.how, error.reached) == (how, True)


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE])
def test_a_body_that_breaks_off_is_no_whole_one(run, provider, framing):
    async def ends(sender, change):
        provider.changes(faults.both(faults.framed(framing), change))
        sent = await sender.send(chat(provider), TIMES)
        try:
            await sent.read(1 << 20)
        except SendFailed as error:
            return error.how
        finally:
            sent.close()
        return How.EOF

    async def scenario(sender):
        return [
            await ends(sender, change) for change in (faults.joined(), faults.cut(at=20), faults.reset(at=20))
        ]

    # What lasts until the connection ends cannot be told from one that was cut in good order.
    cut = How.EOF if framing is Framing.CLOSE else How.CUT
    assert run(scenario) == [How.EOF, cut, How.RESET]


def test_what_came_before_the_break_is_told(run, provider):
    async def scenario(sender):
        provider.changes(faults.both(faults.framed(Framing.CHUNKED), faults.cut(after=2)))
        sent = await sender.send(chat(provider, STREAM), TIMES)
        got = b""
        with pytest.raises(SendFailed):
            while True:
                got += await sent.chunk()
        sent.close()
        return got

    assert run(scenario).startswith(b"data:")


def test_nothing_that_could_not_connect_reached_anybody(run, provider):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    cases = {
        f"http://127.0.0.1:{port}/x?key=hush": How.CONNECT_ERROR,
        "http://no-such-name.invalid/x?key=hush": How.CONNECT_ERROR,
        "ftp://127.0.0.1/x?key=hush": How.CONNECT_ERROR,
        "no address": How.CONNECT_ERROR,
        "http://somebody:hush@127.0.0.1/x": How.CONNECT_ERROR,
        "http://127.0.0.1:99999/x?key=hush": How.CONNECT_ERROR,
    }

    async def scenario(sender):
        return [await failure(sender, Request("POST", url, (JSON,), BODY)) for url in cases]

    for error, how in zip(run(scenario), cases.values(), strict=True):
        assert (error.how, error.reached) == (how, False)
        assert "hush" not in str(error)


def test_a_server_that_takes_no_connection_is_waited_for_no_longer_than_told(run):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x?key=hush"
        error = run(lambda sender: failure(sender, Request("POST", url, (), BODY), Times(connect=0.2)))
        for one in waiting:
            one.close()
    assert (error.how, error.reached) == (How.CONNECT_TIMEOUT, False)
    assert "hush" not in str(error)


@pytest.mark.parametrize("value", ["b\r\nX-C: d", "b\nX-C: d", "b\r", "b\0"])
def test_a_header_that_breaks_its_line_is_not_sent(run, provider, value):
    error = run(lambda sender: failure(sender, chat(provider, BODY, ("X-A", value))))
    assert (error.how, error.reached) == (How.PROTOCOL_ERROR, False)
    assert provider.count == 0


@pytest.mark.parametrize("name", ["", "transfer-encoding ", "x: y", "x\ty", "h\xf6st", "x" * 100 + " "])
def test_a_name_that_is_none_is_not_sent(run, provider, name):
    error = run(lambda sender: failure(sender, chat(provider, BODY, (name, "chunked"))))
    assert (error.how, error.reached) == (How.PROTOCOL_ERROR, False)
    assert provider.count == 0


def test_a_method_that_is_none_is_not_sent(run, provider):
    error = run(lambda sender: failure(sender, Request("GET /a HTTP/1.1", provider.url + PATH)))
    assert error.reached is False
    assert provider.count == 0


@pytest.mark.parametrize("target", ["/a b", "/a HTTP/1.1\r\nX: y", "/?a\tb", "/\x7f"])
def test_a_target_that_breaks_its_line_is_not_sent(run, provider, target):
    error = run(lambda sender: failure(sender, Request("POST", provider.url + target, (JSON,), BODY)))
    assert error.reached is False
    assert provider.count == 0


def test_a_sender_that_was_closed_sends_nothing(run, provider):
    async def scenario(sender):
        await sender.aclose()
        return await failure(sender, chat(provider))

    assert run(scenario).reached is False


def test_a_server_that_nobody_vouches_for_is_not_asked(run, tmp_path):
    with secure_server(tmp_path) as (url, file):
        request = Request("POST", url, (JSON,), BODY)
        error = run(lambda sender: failure(sender, request))
        assert (error.how, error.reached) == (How.TLS_ERROR, False)
        sent, body = run(lambda sender: whole(sender, request), ca_file=file)
    assert (sent.status, body) == (200, b"ok")


def test_a_server_is_found_on_ipv6(run):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")

    def talk(client):
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        client.recv(1)

    with talking(talk, "::1") as url:
        request = Request("POST", url, (JSON,), BODY)
        sent, body = run(lambda sender: whole(sender, request))
    assert (sent.status, body) == (200, b"ok")
