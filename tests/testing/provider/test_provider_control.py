"""Starting and stopping, the log, plans, determinism, recordings, and the program."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys

import pytest

from tokentape.testing.provider import Call, Provider, Turn, reply, silence
from tokentape.testing.provider.faults import joined
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

PATH = "/v1/chat/completions"


def text(got):
    return got.json["choices"][0]["message"]["content"]


def test_stop_closes_the_port_and_every_connection(provider, wire):
    idle, stalled = wire(), wire()
    idle.send()
    idle.reply()
    provider.play(silence())
    stalled.send()
    provider.wait_for(2)
    assert provider.open_connections == 2
    provider.stop()
    assert idle.until_end() == (b"", "eof")
    assert stalled.until_end() == (b"", "eof")
    assert (provider.open_connections, provider.connections) == (0, 0)
    with pytest.raises(ConnectionRefusedError):
        wire()
    provider.stop()


def test_a_provider_starts_again_on_its_port_and_keeps_its_log(provider, ask):
    ask()
    port = provider.port
    provider.stop()
    provider.start()
    assert provider.port == port
    ask()
    assert provider.count == 2


def test_a_running_provider_does_not_start_and_a_taken_port_is_an_os_error(provider):
    with pytest.raises(RuntimeError, match="running already"):
        provider.start()
    with pytest.raises(OSError, match="in use"):
        Provider(port=provider.port).start()


def test_before_the_first_start_there_is_no_url():
    idle = Provider()
    assert (idle.port, idle.connections, idle.open_connections) == (0, 0, 0)
    with pytest.raises(RuntimeError, match="start it first"):
        _ = idle.url


def test_it_is_an_async_context_manager_too():
    async def scenario():
        async with Provider() as provider:
            reader, writer = await asyncio.open_connection("127.0.0.1", provider.port)
            writer.write(b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 200 OK")


def test_the_log_has_the_request_as_it_arrived(provider, wire):
    first, second = wire(), wire()
    first.send(
        "POST", "/a%20b?x=1&x=2&y=", body={"k": 1}, headers=["X-K\xf6ln: \xe9 ", "x-two: 1", "x-two: 2"]
    )
    first.reply()
    second.send(target="http://[example?x=1")
    second.reply()
    second.send("CONNECT", "example.com:443")
    second.reply()
    one, two, three = provider.requests
    assert (one.method, one.target, one.path) == ("POST", "/a%20b?x=1&x=2&y=", "/a b")
    assert (one.query, one.json) == ({"x": ["1", "2"], "y": [""]}, {"k": 1})
    assert one.headers[1:4] == (("X-K\xf6ln", "\xe9"), ("x-two", "1"), ("x-two", "2"))
    assert (one.header("X-TWO"), one.header("none")) == ("1", None)
    assert (two.body, two.json, two.origin_form) == (None, None, "/?x=1")
    assert (three.path, three.origin_form) == ("/", "/")
    assert (one.connection, two.connection) == (1, 2)
    assert one.at < two.at


def test_wait_for_says_what_was_missing(provider):
    with pytest.raises(TimeoutError, match="0 of 1 requests"):
        provider.wait_for(1, timeout=0.01)


def test_equal_requests_get_different_answers_and_a_new_provider_repeats_them(provider, ask, chat):
    def three():
        return [ask("POST", PATH, body=chat).rest for _ in range(3)]

    first = three()
    assert len(set(first)) == 3
    provider.forget()
    assert provider.count == 0
    assert three() == first


def test_the_answer_names_the_question(provider, ask, chat):
    assert text(ask("POST", PATH, body=chat)) == "Answer 1 to: Capital of Norway?"
    assert text(ask("POST", PATH, body=chat)) == "Answer 2 to: Capital of Norway?"


def test_plans_are_used_in_order_and_then_it_is_itself_again(provider, ask, chat):
    provider.answers("One.")
    provider.answers(Turn("Two.", cut_short=True), times=2)
    got = [ask("POST", PATH, body=chat) for _ in range(4)]
    assert [text(one) for one in got] == ["One.", "Two.", "Two.", "Answer 4 to: Capital of Norway?"]
    assert [one.json["choices"][0]["finish_reason"] for one in got] == ["stop", "length", "length", "stop"]
    assert provider.planned == 0


def test_a_plan_for_ever_and_a_plan_for_a_path(provider, ask, chat):
    provider.fails(500, path="/v1/models", times=None)
    assert ask("POST", PATH, body=chat).status == 200
    assert [ask("GET", "/v1/models").status for _ in range(2)] == [500, 500]
    assert provider.planned == 1
    provider.forget()
    assert ask("GET", "/v1/models").status == 200


def test_answers_wait_for_a_request_that_generates(provider, ask, chat):
    provider.answers("Oslo.", change=joined())
    assert ask("GET", "/v1/models").json["object"] == "list"
    assert text(ask("POST", PATH, body=chat)) == "Oslo."


def test_calls_come_scripted_or_from_the_tools_offered(ask, provider, chat):
    provider.calls_tool("get_weather", {"city": "Oslo"}, ("get_time", {}))
    calls = ask("POST", PATH, body=chat).json["choices"][0]["message"]["tool_calls"]
    made = [(call["function"]["name"], call["function"]["arguments"]) for call in calls]
    assert made == [("get_weather", '{"city":"Oslo"}'), ("get_time", "{}")]
    assert Call("f").json == "{}"


def test_times_must_be_positive(provider):
    with pytest.raises(ValueError, match="times must be at least 1, not 0"):
        provider.answers("x", times=0)


@pytest.mark.parametrize(
    ("headers", "target", "status"),
    [
        (["Authorization: Bearer good"], PATH, 200),
        (["x-api-key: good"], PATH, 200),
        ([], f"{PATH}?key=good", 200),
        (["Authorization: Bearer bad"], PATH, 401),
        ([], PATH, 401),
    ],
)
def test_an_api_key_is_checked_where_it_may_stand(ask, provider, chat, headers, target, status):
    provider._api_key = "good"
    assert ask("POST", target, body=chat, headers=headers).status == status


@pytest.mark.parametrize(
    ("target", "headers", "place"),
    [
        ("/v1/unknown", [], ("error", "code")),
        ("/v1/unknown", ["anthropic-version: 2023-06-01"], ("error", "type")),
        ("/v1beta/unknown", [], ("error", "status")),
        ("/v1/unknown", ["user-agent: mistral-client-python/3"], ("object",)),
    ],
)
def test_an_unknown_path_is_a_404_in_the_shape_of_whose_it_may_be(ask, target, headers, place):
    got = ask("POST", target, headers=headers)
    value = got.json
    for step in place:
        value = value[step]
    assert (got.status, isinstance(value, str)) == (404, True)


def test_a_body_that_is_no_json_is_a_400_also_where_an_answer_was_planned(ask, provider, chat):
    provider.answers("x")
    assert ask("POST", PATH, body=b"{").status == 400
    assert ask("POST", PATH, body=b"\xff").status == 400


def recorded(url, body, response, how=How.EOF, method="POST"):
    request = Request(method, url, (), body)
    return Interaction("i", request, response, Ended(how), Timing("2026-01-01T00:00:00Z"))


def test_recordings_are_served_as_they_were(provider, ask):
    url = "https://api.example.com/v1/x?a=1"
    head = (("Content-Type", "text/plain"), ("Content-Length", "3"), ("x-a", "1"), ("X-A", "2"))
    chunked = (("transfer-encoding", "chunked"),)
    provider.serve_recorded(
        [
            recorded(url, b"q", Response(200, "Fine", head, b"one", (1, 2))),
            recorded(url, b"q", Response(500, "", chunked, b"twice", (2, 3), (("t", "1"),))),
            recorded(url, b"q", Response(200, "", (("content-length", "9"),), b"cut", (3,)), How.CUT),
            recorded(url, b"q", Response(200, "", (("content-length", "99"),), b"reset", (5,)), How.RESET),
            recorded(url, b"q", Response(200, "", (("content-length", "99"),), b"mended", ())),
        ]
    )
    assert provider.recordings_left == 5
    got = [ask("POST", "/v1/x?a=1", body=b"q") for _ in range(5)]
    assert provider.recordings_left == 0
    assert got[0].head == b"HTTP/1.1 200 Fine\r\n" + b"\r\n".join(f"{n}: {v}".encode() for n, v in head)
    assert got[0].rest == b"one"
    assert got[1].rest == b"2\r\ntw\r\n3\r\nice\r\n0\r\nt: 1\r\n\r\n"
    assert (got[2].rest, got[2].lines, got[2].ended) == (b"cut", [b"content-length: 9"], "eof")
    assert (got[3].rest, got[3].ended) == (b"reset", "reset")
    assert (got[4].rest, got[4].lines) == (b"mended", [b"content-length: 6"])


def test_a_request_without_a_recording_left_is_a_404_and_noted(provider, ask, wire):
    response = Response(200, "OK", (("content-length", "5"),), None)
    provider.serve_recorded(
        [
            recorded("https://a.example", None, response, method="HEAD"),
            recorded("https://a.example/gone", None, None, How.CONNECT_ERROR, method="GET"),
        ]
    )
    assert b"content-length: 5" in ask("HEAD", "/").lines
    connection = wire()
    connection.send(target="/gone")
    assert connection.until_end() == (b"", "eof")
    assert ask("HEAD", "/").status == 404
    assert [seen.target for seen in provider.unserved] == ["/"]
    provider.forget()
    assert (provider.unserved, provider.recordings_left) == ([], 0)


def test_a_plan_comes_before_a_recording(provider, ask):
    provider.serve_recorded([])
    provider.play(reply(b"planned"))
    assert ask().rest == b"planned"


def test_a_hundred_connections_at_once(provider, wire, chat):
    connections = [wire() for _ in range(100)]
    for n, connection in enumerate(connections):
        question = {"role": "user", "content": f"number {n}"}
        connection.send("POST", PATH, body={**chat, "messages": [question]})
    answers = [text(connection.reply()) for connection in connections]
    assert answers == [f"Answer 1 to: number {n}" for n in range(100)]
    assert provider.connections == 100


RUN = [sys.executable, "-m", "tokentape.testing.provider"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_as_a_program_it_prints_its_url_and_serves_until_interrupted(number):
    with subprocess.Popen([*RUN, "--gap", "0"], stdout=subprocess.PIPE, text=True) as running:
        url = running.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10) as connection:
            connection.sendall(b"GET /v1/models HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
        running.send_signal(number)
        assert running.wait(10) == 0
        assert running.stdout.read() == ""


def test_as_a_program_it_says_when_the_port_is_taken(provider):
    done = subprocess.run([*RUN, "--port", str(provider.port)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"port {provider.port} on 127.0.0.1 cannot be had" in done.stderr


def test_it_shares_nothing_with_what_it_tests():
    code = "import sys, tokentape.testing.provider; print('\\n'.join(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    ours = ("protocols", "matching", "cassettes", "deck", "active", "interceptors")
    assert not loaded & {f"tokentape.{name}" for name in ours}
    assert not loaded & {
        "httpx",
        "httpx2",
        "http.client",
        "urllib.request",
        "requests",
        "aiohttp",
        "asyncio",
        "brotli",
    }
