"""Cancellation, early ends and in-process transports of the async clients."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import pytest

from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.scripts import OPEN_ENDED
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply, silence
from tokentape.wire.interaction import How

PATH = "/v1/chat/completions"


@pytest.fixture(params=[httpx, httpx2], ids=lambda module: module.__name__)
def http(request):
    return request.param


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        yield running


@pytest.fixture
def tape():
    tape = MemoryTape()
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


def hows(tape):
    return [kept.ended.how for kept in tape.kept]


async def read_some(http, url, seen):
    async with http.AsyncClient() as client, client.stream("POST", url + PATH, json={}) as response:
        async for chunk in response.aiter_raw():
            seen.append(chunk)


@pytest.mark.parametrize("anywhere", ["in the read", "in the caller's code"])
def test_an_asyncio_cancel_in_the_body_is_cancelled(http, provider, tape, anywhere):
    provider.play(OPEN_ENDED)
    seen = []

    async def caller():
        async with (
            http.AsyncClient() as client,
            client.stream("POST", provider.url + PATH, json={}) as response,
        ):
            async for chunk in response.aiter_raw():
                seen.append(chunk)
                if anywhere == "in the caller's code":
                    await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(caller())
        while not seen:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert hows(tape) == [How.CANCELLED]


def test_an_asyncio_cancel_before_the_head_is_cancelled(http, provider, tape):
    provider.play(silence())

    async def main():
        async with http.AsyncClient() as client:
            task = asyncio.create_task(client.post(provider.url + PATH, json={}))
            await asyncio.to_thread(provider.wait_for, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert hows(tape) == [How.CANCELLED]
    assert tape.kept[0].response is None
    tape.rewind()

    async def again():
        async with http.AsyncClient() as client:
            with pytest.raises(Exception, match="gave up before a reply came"):
                await client.post(provider.url + PATH, json={})

    asyncio.run(again())


def test_a_trio_cancel_is_cancelled(provider, tape):
    import trio

    provider.play(OPEN_ENDED)

    async def main():
        with trio.CancelScope() as scope:
            async with (
                httpx2.AsyncClient() as client,
                client.stream("POST", provider.url + PATH, json={}) as got,
            ):
                async for _ in got.aiter_raw():
                    scope.cancel()

    trio.run(main)
    assert hows(tape) == [How.CANCELLED]


def test_a_task_group_of_calls_replays(http, provider, tape):
    for n in range(20):
        provider.play(reply(b"%d" % n), path=f"/v1/{n}")

    async def main():
        async with http.AsyncClient() as client, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(client.post(f"{provider.url}/v1/{n}", json={"n": n})) for n in range(20)
            ]
        return [task.result().text for task in tasks]

    recorded = asyncio.run(main())
    provider.stop()
    tape.rewind()
    assert asyncio.run(main()) == recorded == [str(n) for n in range(20)]


def test_a_cancel_reaches_a_replay_where_the_recorded_caller_was_cancelled(http, provider, tape):
    """Another task cancels after the first chunk: on replay it gets its turn before the tape runs out."""
    provider.play(OPEN_ENDED)

    async def main():
        seen = []
        task = asyncio.create_task(read_some(http, provider.url, seen))
        while not seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return bool(seen)

    assert asyncio.run(main())
    provider.stop()
    tape.rewind()
    assert asyncio.run(main())


def test_asgi_passes_untouched(http, tape):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def main():
        async with http.AsyncClient(transport=http.ASGITransport(app=app)) as client:
            return (await client.post("http://api.openai.com" + PATH, json={})).text

    assert asyncio.run(main()) == "ok"
    assert tape.asked == []


def test_an_aiohttp_backed_transport_is_recorded_and_replays(provider, tape):
    vendored = pytest.importorskip("openai._vendor.httpx_aiohttp")
    provider.play(reply([b"one", b"two"]))

    async def main():
        async with httpx2.AsyncClient(transport=vendored.AiohttpTransport()) as client:
            return (await client.post(provider.url + PATH, json={"a": 1})).text

    assert asyncio.run(main()) == "onetwo"
    provider.stop()
    tape.rewind()
    assert asyncio.run(main()) == "onetwo"
    assert (len(tape.kept), tape.left) == (1, 0)


def test_R08_a_users_async_transport_is_closed_once(http, provider, tape):
    class Own(http.AsyncHTTPTransport):
        closed = 0

        async def aclose(self):
            Own.closed += 1
            await super().aclose()

    provider.play(reply(b"ok"))

    async def main():
        client = http.AsyncClient(transport=Own())
        await client.post(provider.url + PATH, json={})
        await client.aclose()

    asyncio.run(main())
    assert (Own.closed, hows(tape)) == (1, [How.EOF])
