"""Clients that read slowly, or leave; and many at once."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import threading

import httpx
import pytest
from fault_kit import WAYS, asks, post, raw_request, recordings, stood, until
from fault_upstream import Flood, Together

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider.faults import late, stall
from tokentape.wire.interaction import How

EACH = pytest.mark.parametrize("way", WAYS)
MOST = 24 << 20
"""Bytes that may be under way between two sockets and in what is between them."""


def connected(gateway):
    peer = socket.create_connection(("127.0.0.1", gateway.port))
    peer.settimeout(20)
    return peer


@EACH
def test_a_slow_client(tmp_path, way):
    """What nobody reads is not read ahead without bound; what is read then is whole."""
    flood = Flood(500 if way == "recorded" else 2000, 65_000)  # what is recorded is redacted, too
    speaks = "openai.chat"
    with flood.running(), stood(way, flood.url, tmp_path / "tapes", speaks=speaks) as gateway:
        path = "/v1/messages" if way == "translated" else "/v1/chat/completions"
        with connected(gateway) as peer:
            peer.sendall(raw_request(asks(max_tokens=9), path))
            assert flood.stuck.wait(20)
            assert flood.taken < MOST
            read, last = 0, b""
            while not last.endswith(b"0\r\n\r\n"):
                data = peer.recv(1 << 20)
                assert data
                read, last = read + len(data), (last + data)[-5:]
        assert flood.done.is_set()
        assert read > flood.count * flood.size


@EACH
@pytest.mark.parametrize("when", ["before the head", "amid a stream", "before a whole reply"])
def test_a_client_that_leaves(stand, provider, way, when):
    """The upstream's connection ends with the client's, and nothing of the call is left."""
    gateway = stand(way)
    stream = when != "before a whole reply"
    post(gateway, asks(stream=stream))
    idle = provider.open_connections
    provider.changes(stall(None, after=4) if when == "amid a stream" else late(None))
    with connected(gateway) as peer:
        peer.sendall(raw_request(asks("Gone?", stream=stream)))
        provider.wait_for(2)
        if when == "amid a stream":
            seen = b""
            while seen.count(b"data: ") < 2:
                seen += peer.recv(4096)
    until(lambda: provider.open_connections < max(1, idle))
    until(lambda: is_idle(gateway))
    assert post(gateway, asks()).status_code == 200


def is_idle(gateway):
    """True if no call holds a credential or a cassette, and no task but the gateway's own is left."""
    services = gateway.services

    def look():
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]
        calls = [name for name in names if "run_asgi" in name or "watched" in name.lower() or "_beat" in name]
        held = sum(held.users for held in services.tapes._held.values())
        return not calls and held == 0

    async def looked():
        return look()

    return gateway.call(looked())


def test_a_client_that_left_is_on_tape_so(provider, tmp_path):
    root = tmp_path / "tapes"
    with stood("recorded", provider, root) as gateway:
        provider.changes(stall(None, after=4))
        with connected(gateway) as peer:
            peer.sendall(raw_request(asks()))
            seen = b""
            while seen.count(b"data: ") < 2:
                seen += peer.recv(4096)
        until(lambda: is_idle(gateway))
    (taped,) = recordings(root)
    assert taped.ended.how is How.CLOSED_BY_CALLER
    assert seen.endswith(b"\r\n")


def test_a_client_that_leaves_within_its_request(stand):
    gateway = stand()
    with connected(gateway) as peer:
        peer.sendall(raw_request(asks())[:-10])
    until(lambda: is_idle(gateway))
    assert post(gateway, asks()).status_code == 200


@EACH
def test_a_thousand_streams_at_once(tmp_path, way):
    count = 1000
    path = "/v1/messages" if way == "translated" else "/v1/chat/completions"

    async def one(port, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw_request(asks(f"Number {number}", max_tokens=9), path))
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            piece = await reader.read(65536)
            if not piece:
                break
            data += piece
        writer.close()
        await writer.wait_closed()
        return data

    async def all_of_them(together, gateway):
        return await asyncio.gather(*(one(gateway.port, number) for number in range(count)))

    with upstream_loop(Together(count)) as (together, run):
        root = tmp_path / "tapes"
        with stood(way, together.url, root, speaks="openai.chat") as gateway:
            replies = run(all_of_them(together, gateway))
            until(lambda: is_idle(gateway))
        assert together.most == count
        wanted = b"two." if way == "translated" else b"[DONE]"
        assert sum(wanted in reply and b"One " in reply for reply in replies) == count
        if way == "recorded":
            assert len(recordings(root)) == count


class upstream_loop:
    """An upstream, and a loop in a thread of its own in which it and clients run."""

    def __init__(self, upstream):
        self.upstream = upstream

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self.upstream.start())
        return self.upstream, self.run

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(120)

    def __exit__(self, *_):
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    async def _stop(self):
        await self.upstream.stop()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@EACH
def test_memory_stays_flat(provider, tmp_path, way):
    """What lives after many calls is what lived after a few. What is recorded is kept until it is saved, so
    the third replays; usage keeps the last thousand calls one by one.
    """
    root = tmp_path / "tapes"
    record = None
    if way == "recorded":
        with stood(way, provider, root) as gateway:
            post(gateway, asks(stream=False))
            post(gateway, asks(stream=True))
        record = RecordOptions(str(root), mode="none")
    with (
        stood(way, provider, root, record=record) as gateway,
        httpx.Client(base_url=gateway.url, timeout=20) as client,
    ):
        few = blocks(gateway, provider, client, 1200)
        many = blocks(gateway, provider, client, 1500)
    assert many - few < 1500


def blocks(gateway, provider, client, calls):
    """How much is allocated after so many calls more."""
    for number in range(calls):
        assert client.post("/v1/chat/completions", json=asks(stream=number % 2 == 0)).status_code == 200
    provider.forget()
    gateway.services.ledger.flush()
    gc.collect()
    return sys.getallocatedblocks()


def test_what_is_written_goes_out_at_once():
    """A head and its body, written one after the other, must not wait for each other's acknowledgement."""
    from tokentape.gateway.server import bound

    with bound("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()) as peer, listener.accept()[0] as taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert peer.getpeername() == listener.getsockname()
