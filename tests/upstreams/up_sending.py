"""Scenarios with a sender on either loop, and calls to the bundled provider."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import Times
from tokentape.wire.message import Request

pytest.importorskip("aiohttp")
from typing import TYPE_CHECKING

from tokentape.upstreams.aiohttp_sender import AiohttpSender

if TYPE_CHECKING:
    from tokentape.testing.provider import Provider

TIMES = Times(connect=5.0)
PATH = "/v1/chat/completions"
BODY = b'{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}'
STREAM = b'{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"hi"}]}'
JSON = ("Content-Type", "application/json")


def on_uvloop(main):
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@pytest.fixture(params=[asyncio.run, on_uvloop], ids=["asyncio", "uvloop"])
def run(request):
    """Runs a scenario with a sender, on either loop."""

    def runs(scenario, **options):
        async def main():
            sender = AiohttpSender(**options)
            try:
                return await scenario(sender)
            finally:
                await sender.aclose()

        return request.param(main())

    return runs


def chat(provider: Provider, body: bytes | None = BODY, *fields: tuple[str, str]) -> Request:
    return Request("POST", provider.url + PATH, (JSON, *fields), body)


async def whole(sender: AiohttpSender, request: Request, times: Times = TIMES):
    sent = await sender.send(request, times)
    try:
        return sent, await sent.read(1 << 24)
    finally:
        sent.close()


async def failure(sender: AiohttpSender, request: Request, times: Times = TIMES) -> SendFailed:
    with pytest.raises(SendFailed) as told:
        await whole(sender, request, times)
    return told.value


@contextmanager
def talking(talk, host="127.0.0.1"):
    """A server that takes one connection and does with it what `talk` says: its URL. It waits 30 seconds for
    whatever it waits for, so that no test that fails leaves it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        listening.settimeout(30)

        def serve():
            client, _ = listening.accept()
            with client:
                client.settimeout(30)
                talk(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        place = f"[{host}]" if ":" in host else host
        yield f"http://{place}:{listening.getsockname()[1]}/x"
        thread.join()


def length_of_rest(client) -> int:
    """Bytes that still come until the connection ends, however it does."""
    got = 0
    try:
        while data := client.recv(1 << 20):
            got += len(data)
    except ConnectionResetError:
        pass
    return got


async def until(true) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)
