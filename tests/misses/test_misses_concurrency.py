"""A miss in task groups, gathered tasks, threads, pools and processes."""

from __future__ import annotations

import asyncio
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool

import pytest
from miss_blocks import GOODBYE, HELLO
from sdk_programs import openai_async, openai_chat, sdk, swallowed

import tokentape
from tokentape.errors import ReplayAbort, ReplayMiss


@pytest.fixture
def taped(missing):
    missing.record(openai_chat)
    return missing


def only(error):
    """The one leaf of an exception group."""
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


async def in_task_group(url, text):
    async with asyncio.TaskGroup() as group:
        group.create_task(openai_async(url, text))
        group.create_task(openai_async(url, HELLO))


async def in_gather(url, text):
    return await asyncio.gather(openai_async(url, text), openai_async(url, HELLO))


async def in_gather_that_returns_exceptions(url, text):
    error, _answer = await asyncio.gather(
        openai_async(url, text), openai_async(url, HELLO), return_exceptions=True
    )
    return error


async def in_wait_for(url, text):
    async with asyncio.timeout(60):
        return await asyncio.wait_for(openai_async(url, text), 60)


async def in_to_thread(url, text):
    return await asyncio.to_thread(openai_chat, url, text)


async def in_a_queue_worker(url, text):
    """A worker that must survive what its jobs raise, and a producer that waits for them all."""
    queue, seen = asyncio.Queue(), []

    async def work():
        while True:
            seen.append(await swallowed(openai_async)(url, await queue.get()))
            queue.task_done()

    worker = asyncio.create_task(work())
    for job in (text, HELLO):
        queue.put_nowait(job)
    await queue.join()
    worker.cancel()
    assert not isinstance(seen[1], Exception)
    return seen[0]


def in_anyio(url, text):
    anyio = sdk("anyio")

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(openai_async, url, text)

    anyio.run(main)


def in_trio(url, text):
    sdk("trio")
    anyio, httpx2 = sdk("anyio"), sdk("httpx2")
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": text}]}

    async def ask():
        async with httpx2.AsyncClient() as client:
            reply = await client.post(f"{url}/v1/chat/completions", json=body)
            reply.raise_for_status()

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(ask)

    anyio.run(main, backend="trio")


def in_a_thread(url, text):
    """Nobody looks at what becomes of it."""
    thread = threading.Thread(target=swallowed(openai_chat), args=(url, text))
    thread.start()
    thread.join()


def in_a_thread_pool(url, text):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(openai_chat, [url, url], [HELLO, text]))


def in_a_multiprocessing_thread_pool(url, text):
    with ThreadPool(2) as pool:
        return pool.starmap(openai_chat, [(url, text), (url, HELLO)])


@pytest.mark.parametrize(
    "program",
    [
        in_task_group, in_gather, in_wait_for, in_to_thread, in_anyio, in_a_thread_pool,
        in_a_multiprocessing_thread_pool,
    ],
    ids=lambda program: program.__name__,
)  # fmt: skip
def test_R14_a_miss_that_comes_out_of_it(taped, program):
    missed = taped.miss(program)
    assert missed.miss.__cause__ is missed.saw
    assert "No recording in" in str(only(missed.saw))


@pytest.mark.parametrize(
    "program",
    [in_gather_that_returns_exceptions, in_a_queue_worker, in_a_thread],
    ids=lambda program: program.__name__,
)
def test_R14_a_miss_that_stays_inside(taped, program):
    missed = taped.miss(program)
    assert missed.miss.__cause__ is None
    assert "goodbye" in str(missed.miss)


def test_R14_a_miss_in_a_trio_task_group(taped):
    missed = taped.miss(in_trio)
    assert "400" in str(only(missed.saw))


def test_R14_an_abort_comes_out_of_a_task_group(taped):
    async def program():
        async with asyncio.TaskGroup() as group:
            group.create_task(swallowed(openai_async)(taped.provider.url, GOODBYE))

    with pytest.raises(BaseExceptionGroup) as caught:
        with tokentape.use_cassette(taped.path, mode="none", on_miss="abort"):
            asyncio.run(program())
    assert isinstance(only(caught.value), ReplayAbort)


def test_R14_50_concurrent_misses_are_one_per_question(taped):
    async def program(url, text):
        asks = [openai_async(url, f"{text} {number % 5}") for number in range(50)]
        return await asyncio.gather(*asks, return_exceptions=True)

    missed = taped.miss(program, sends=50)
    assert len(missed.saw) == 50
    assert all("No recording in" in str(error) for error in missed.saw)
    assert len(missed.miss.others) == 4
    assert "(4 more in the same block)" in str(missed.miss)


def in_another_process(path, url, text, options):
    """What the process's own block raises must cross back, whatever it is."""
    with tokentape.use_cassette(path, mode="none", **options):
        openai_chat(url, text)


@pytest.mark.parametrize(
    ("options", "kind"), [({}, ReplayMiss), ({"on_miss": "abort"}, ReplayAbort)], ids=["answer", "abort"]
)
def test_R14_a_miss_crosses_a_process_pool_with_everything_on_it(taped, options, kind):
    before = taped.provider.count
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        job = pool.submit(in_another_process, taped.path, taped.provider.url, GOODBYE, options)
        error = job.exception(timeout=60)
    assert type(error) is kind
    assert taped.provider.count == before
    assert str(error.explanation) == str(error)
    assert error.explanation.operation == "openai.chat/create"
    assert error.explanation.asks == GOODBYE
    [difference] = error.explanation.differences
    assert (difference.path, difference.recorded, difference.incoming) == (
        "messages[0].content",
        HELLO,
        GOODBYE,
    )


def test_a_pickled_miss_keeps_the_others(taped):
    async def program(url, text):
        asks = (openai_async(url, f"{text} {number}") for number in range(3))
        return await asyncio.gather(*asks, return_exceptions=True)

    miss = taped.miss(program, sends=3).miss
    again = pickle.loads(pickle.dumps(miss))
    assert (again.explanation, again.others, str(again)) == (miss.explanation, miss.others, str(miss))
    assert len(again.others) == 2
