"""Live calls of mode verify: how many at once, through which proxy, and in forked children."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager

import pytest

from tokentape import use_cassette, verification
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.errors import LiveReplyDiffers
from tokentape.interceptors import resending
from tokentape.outcomes import Forward
from tokentape.wire.message import Request

pytest.importorskip("httpx")
pytest.importorskip("rapidfuzz")

import httpx

QUESTION = b'{"model": "m", "messages": [{"role": "user", "content": "Where?"}]}'
LOGIN = "Basic dXNAZXI6cGE6c3M="


class Sent(Forward):
    """A live call that says when it is over, and how."""

    def __init__(self, url, **headers):
        self.ended = threading.Event()
        self.seen = None
        super().__init__(Request("POST", url, tuple(headers.items()), QUESTION), 0.0, self._keep_it)

    def _keep_it(self, forward, interaction):
        self.seen = interaction
        self.ended.set()

    def went(self):
        resending.resend(self)
        assert self.ended.wait(20)
        return self.seen


@contextmanager
def proxy():
    """A proxy that answers every request with 407; the heads it got."""
    heads = []

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                heads.append(connection.recv(65536).decode())
                connection.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield f"us%40er:pa%3Ass@127.0.0.1:{listening.getsockname()[1]}", heads
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_calls_wait_for_their_turn_without_a_thread_each(provider):
    gate = threading.Event()
    provider.delay_by(lambda seen: float(not gate.wait(20)))
    calls = [Sent(f"{provider.url}/v1/chat/completions") for _ in range(3 * resending.AT_ONCE)]
    for call in calls:
        resending.resend(call)
    ours = [thread for thread in threading.enumerate() if thread.name == "tokentape-verify"]
    gate.set()
    assert all(call.ended.wait(20) for call in calls)
    assert len(ours) == resending.AT_ONCE
    assert {call.seen.response.status for call in calls} == {200}
    for thread in ours:
        thread.join(20)
        assert not thread.is_alive()
    assert Sent(f"{provider.url}/v1/chat/completions").went().response.status == 200


def test_where_no_thread_can_be_started_it_is_told(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    for _ in range(resending.AT_ONCE + 1):
        error = Sent("http://127.0.0.1:9/v1/chat/completions").went().ended.error
        assert "can't start new thread" in error.message


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_has_all_the_room(provider, monkeypatch):
    monkeypatch.setattr(verification, "LIMIT", 5.0)
    store, gate = MemoryStore(), threading.Event()
    ask = lambda: httpx.post(f"{provider.url}/v1/chat/completions", content=QUESTION)  # noqa: E731
    with use_cassette(store, name="a", repeat="last"):
        text = ask().json()["choices"][0]["message"]["content"]
    provider.answers(text, times=2 * resending.AT_ONCE)
    provider.delay_by(lambda seen: float(not gate.wait(20)))
    with use_cassette(store, name="a", repeat="last", mode="verify") as deck:
        for _ in range(resending.AT_ONCE):
            ask()
        child = os.fork()
        if child == 0:
            ask()
            deck.settle()
            os._exit(0 if deck.tally.verified == 1 else 1)
        provider.wait_for(1 + resending.AT_ONCE + 1)
        gate.set()
        assert os.waitpid(child, 0)[1] == 0


def test_a_provider_may_ask_for_patience(provider, monkeypatch):
    paused = []
    monkeypatch.setattr(resending, "pause", lambda *asked: paused.append(asked) or 0.0)
    provider.fails(429, headers={"retry-after": "20"})
    provider.fails(503)
    provider.answers("Here.")
    assert Sent(f"{provider.url}/v1/chat/completions").went().response.status == 200
    assert paused == [(resending.WAITS[0], "20"), (resending.WAITS[1], "")]


@pytest.mark.parametrize(
    ("asked_for", "expected"),
    [("20", 20), ("0.5", 1), ("", 1), ("9999", 60), ("-3", 1), ("inf", 60), ("nan", 1), ("Sun, 22 Nov 2026 03:00:00 GMT", 1)],
)  # fmt: skip
def test_patience_has_an_end(asked_for, expected):
    assert resending.pause(1.0, asked_for) == expected


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_a_user_gets_the_login(scheme, monkeypatch):
    with proxy() as (place, heads):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{place}")
        seen = Sent(f"{scheme}://llm.example/v1/x", Authorization="Bearer mine").went()
    (head,) = heads
    assert f"Proxy-Authorization: {LOGIN}\r\n" in head
    assert ("Bearer mine" in head) == (scheme == "http")
    assert "407" in str(seen.response.status if seen.response else seen.ended.error.message)


def test_a_proxy_over_tls_is_refused_and_hears_nothing(monkeypatch):
    with proxy() as (place, heads):
        monkeypatch.setenv("https_proxy", f"https://{place}")
        seen = Sent("https://llm.example/v1/x").went()
    assert heads == []
    assert seen.response is None
    assert "https://" in seen.ended.error.message
    assert "pa%3Ass" not in seen.ended.error.message


def test_the_login_of_a_proxy_never_reaches_the_provider(provider):
    login = {"Proxy-Authorization": LOGIN}
    assert Sent(f"{provider.url}/v1/chat/completions", **login).went().response.status == 200
    assert "proxy-authorization" not in {name.lower() for name, _ in provider.requests[-1].headers}


def test_what_no_header_may_hold_is_told_without_the_key(provider):
    store = MemoryStore()
    url = f"{provider.url}/v1/chat/completions"
    head = {"authorization": "Bearer sk-live-0123456789abcdef\u00e9"}
    with use_cassette(store, name="a"):
        httpx.post(url, content=QUESTION, headers={k: v.encode() for k, v in head.items()})
    with pytest.raises(LiveReplyDiffers) as caught, use_cassette(store, name="a", mode="verify"):
        provider.stop()
        httpx.post(url, content=QUESTION, headers={k: v.encode() for k, v in head.items()})
    assert "0123456789abcdef" not in str(caught.value)
