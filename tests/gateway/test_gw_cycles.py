"""Nothing of a call that is over waits for the collector, which comes late: its memory is free at once."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import time
import weakref
from functools import partial

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
from running import running, setup, upstream

from tokentape.gateway.asgi import AsgiOutlet, Watch
from tokentape.gateway.deadlines import SOON
from tokentape.gateway.pumping import Heart
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.testing.provider import Provider

LONG = 3 * SOON
"""Seconds after which somebody looks whether the client is still there."""


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def freed(made):
    """Whether what a coroutine made goes by itself, once what was cancelled has run."""

    async def run():
        ref = weakref.ref(await made())
        for _ in range(5):
            await asyncio.sleep(0)
        return ref() is None

    return asyncio.run(run())


def test_who_watched_a_client_goes_with_the_call(no_collector):
    asked = asyncio.Event()

    async def receive():
        asked.set()
        await asyncio.Event().wait()

    async def watched():
        outlet = AsgiOutlet(None, receive)
        watch = Watch(outlet, asyncio.current_task())
        await asked.wait()
        watch.stop()
        return outlet

    assert freed(watched)


def test_who_told_a_client_that_a_stream_lives_goes_with_it(no_collector):
    class Silent:
        def ping(self):
            asked.set()
            return b""

    asked = asyncio.Event()

    async def beating():
        heart = Heart(None, Silent(), 0.001)
        await asked.wait()
        heart.stop()
        return heart

    assert freed(beating)


def ask(port, *, stream, wait=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    fields = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    headers = {"content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(fields), headers)
    if wait is not None:
        wait()
    else:
        assert connection.getresponse().read()
    connection.close()


def outlets():
    return [each for each in gc.get_objects() if type(each) is AsgiOutlet]


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("is_read", [True, False])
@pytest.mark.parametrize("is_traced", [True, False])
def test_nothing_of_a_call_is_left(no_collector, tmp_path, dialect, stream, is_read, is_traced):
    folder = str(tmp_path)
    kept = {"trace": TraceOptions(directory=folder), "usage": UsageOptions(directory=folder)}
    with (
        Provider() as provider,
        running(setup(upstream(provider.url, dialect)), **(kept if is_traced else {})) as gateway,
    ):
        provider.delay_by(lambda seen: LONG)
        for nth in range(3):
            ask(gateway.port, stream=stream, wait=None if is_read else partial(provider.wait_for, nth + 1))
        until = time.monotonic() + 10
        while outlets() and time.monotonic() < until:
            time.sleep(0.01)
        assert outlets() == []
